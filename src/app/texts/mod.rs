//! Every text the window shows, in English, by the rooms that show them: the one place for who translates it.
//!
//! `texts!` makes a function of each: a text alone is a `&'static str`; one that takes values names them and gives
//! a `String`; one that counts has a form for one and a form for several. What is misspelt or left over is found
//! by the compiler, what stands as a literal in a view by a test. Views ask anew each time they draw, so that
//! another language is another file of the same names behind the same functions.
//!
//! Not here: names, summaries, parameters and advice of nodes, which come from their declarations and are the same on
//! the command line; what errors of other rooms say; symbols of units.

use std::fmt::Display;

/// A text that tables hold: it is asked for when it is shown.
pub type Words = fn() -> &'static str;

macro_rules! texts {
    ($($name:ident $(($($value:ident),+))?: $text:literal $(| $many:literal)?;)*) => {
        $(texts!(@ $name $(($($value),+))? $text $($many)?);)*
    };
    (@ $name:ident $text:literal) => {
        #[doc = $text]
        pub fn $name() -> &'static str {
            $text
        }
    };
    (@ $name:ident($($value:ident),+) $text:literal) => {
        #[doc = $text]
        pub fn $name($($value: &dyn super::Display),+) -> String {
            format!($text)
        }
    };
    (@ $name:ident($count:ident) $one:literal $many:literal) => {
        #[doc = $many]
        pub fn $name($count: usize) -> String {
            if $count == 1 { format!($one) } else { format!($many) }
        }
    };
}

pub mod actions;
pub mod canvas;
pub mod cluster;
pub mod columns;
pub mod counts;
pub mod examples;
pub mod files;
pub mod help;
pub mod import;
pub mod inspector;
pub mod menus;
pub mod probe;
pub mod runs;
pub mod traces;
pub mod units;
pub mod views;
pub mod words;
