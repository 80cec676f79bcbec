//! Expressions over the keys of items and the columns of tables, such as `session == "a" && index % 2 == 0`.
//!
//! Numbers, words in quotes, `true`, `false`, names, lists in brackets; `+ - * / %`, comparisons, `in`, `&& || !`
//! (also `and or not`), `condition ? a : b`, and functions such as `abs`, `min`, `contains` (see `call`). A name that stands
//! for a word such as `08` counts as a number where one is calculated with or compared to.

mod call;
mod parse;
mod python;

use super::{Coordinate, CoordinateValue, Finite};
use call::call;
use std::fmt;

/// An expression that was read; evaluated against values of its names.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    root: Node,
    text: String,
}

/// Why an expression cannot be read or evaluated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ExpressionError(pub String);

/// A value in an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    /// A number.
    Number(f64),
    /// A word.
    Text(String),
    /// True or false.
    Truth(bool),
    /// Several values.
    List(Vec<Term>),
}

impl Term {
    /// It as a key; `None` for a list and for what is no finite number.
    pub fn key(self) -> Option<CoordinateValue> {
        Some(match self {
            Term::Number(value) if value.fract() == 0.0 && value.abs() < 9e15 => {
                CoordinateValue::Int(value as i64)
            }
            Term::Number(value) => CoordinateValue::Float(Finite::new(value)?),
            Term::Text(text) => CoordinateValue::Text(text),
            Term::Truth(truth) => CoordinateValue::Text(truth.to_string()),
            Term::List(_) => return None,
        })
    }

    fn kind(&self) -> &'static str {
        match self {
            Term::Number(_) => "a number",
            Term::Text(_) => "a word",
            Term::Truth(_) => "true or false",
            Term::List(_) => "a list",
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // There is one zero.
            Term::Number(value) => write!(f, "{}", value + 0.0),
            Term::Text(text) => write!(f, "\"{text}\""),
            Term::Truth(truth) => write!(f, "{truth}"),
            Term::List(items) => {
                let items: Vec<String> = items.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", items.join(", "))
            }
        }
    }
}

impl From<&CoordinateValue> for Term {
    fn from(value: &CoordinateValue) -> Self {
        match value {
            CoordinateValue::Int(value) => Term::Number(*value as f64),
            CoordinateValue::Float(value) => Term::Number(value.get()),
            // A truth of a table of recordings is kept as its word.
            CoordinateValue::Text(text) => {
                text.parse().map_or_else(|_| Term::Text(text.clone()), Term::Truth)
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Constant(Term),
    Name(String),
    List(Vec<Node>),
    Not(Box<Node>),
    Negative(Box<Node>),
    Two(Operator, Box<(Node, Node)>),
    Choice(Box<(Node, Node, Node)>),
    Call(String, Vec<Node>),
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// Where it is none: what is wrong, and at which character.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        Ok(Self { root: parse::parse(text)?, text: text.trim().to_owned() })
    }

    /// The value for these names.
    ///
    /// # Errors
    /// Where a name has no value or the types do not fit.
    pub fn evaluate(&self, value: &dyn Fn(&str) -> Option<Term>) -> Result<Term, ExpressionError> {
        evaluate(&self.root, value).map_err(|ExpressionError(message)| self.wrong(&message))
    }

    /// Whether it holds for the keys of an item.
    ///
    /// # Errors
    /// As [`Self::evaluate`], where a key is missing (says which there are), and where it is neither true nor false.
    pub fn holds(&self, item: &Coordinate) -> Result<bool, ExpressionError> {
        match self.of_item(item)? {
            Term::Truth(truth) => Ok(truth),
            other => Err(self.wrong(&format!(
                "it is {other}, {}: a condition such as index % 2 == 0 expected",
                other.kind()
            ))),
        }
    }

    /// The value for the keys of an item.
    ///
    /// # Errors
    /// As [`Self::evaluate`], and where a key is missing: says which there are.
    pub fn of_item(&self, item: &Coordinate) -> Result<Term, ExpressionError> {
        self.evaluate(&|name| item.keys().get(name).map(Term::from)).map_err(|error| {
            let names: Vec<&str> = item.keys().keys().map(String::as_str).collect();
            match names.as_slice() {
                [] => ExpressionError(format!("{error}; the item has no keys")),
                names => ExpressionError(format!("{error}; the keys are {}", names.join(", "))),
            }
        })
    }

    /// The value for the keys of an item, as a key.
    ///
    /// # Errors
    /// As [`Self::of_item`], and where it is no number, word or truth.
    pub fn key_of(&self, item: &Coordinate) -> Result<CoordinateValue, ExpressionError> {
        let term = self.of_item(item)?;
        let said = term.to_string();
        term.key().ok_or_else(|| self.wrong(&format!("it is {said}, which is no key")))
    }

    fn wrong(&self, message: &str) -> ExpressionError {
        ExpressionError(format!("{}: {message}", self.text))
    }
}

fn evaluate(node: &Node, value: &dyn Fn(&str) -> Option<Term>) -> Result<Term, ExpressionError> {
    let truth = |node: &Node| match evaluate(node, value)? {
        Term::Truth(truth) => Ok(truth),
        other => Err(ExpressionError(format!("{other} is {}: true or false expected", other.kind()))),
    };
    Ok(match node {
        Node::Constant(term) => term.clone(),
        Node::Name(name) => value(name).ok_or_else(|| ExpressionError(format!("there is no \"{name}\"")))?,
        Node::List(items) => {
            Term::List(items.iter().map(|item| evaluate(item, value)).collect::<Result<_, _>>()?)
        }
        Node::Not(inner) => Term::Truth(!truth(inner)?),
        Node::Negative(inner) => Term::Number(-number(&as_number(inner, value)?)?),
        Node::Choice(parts) => {
            let (condition, yes, no) = &**parts;
            evaluate(if truth(condition)? { yes } else { no }, value)?
        }
        Node::Call(name, arguments) => {
            let arguments =
                arguments.iter().map(|argument| evaluate(argument, value)).collect::<Result<Vec<_>, _>>()?;
            call(name, &arguments)?
        }
        Node::Two(Operator::And, sides) => Term::Truth(truth(&sides.0)? && truth(&sides.1)?),
        Node::Two(Operator::Or, sides) => Term::Truth(truth(&sides.0)? || truth(&sides.1)?),
        Node::Two(operator, sides) if wants_numbers(*operator, &sides.0, &sides.1) => {
            two(*operator, &as_number(&sides.0, value)?, &as_number(&sides.1, value)?)?
        }
        Node::Two(operator, sides) => {
            two(*operator, &evaluate(&sides.0, value)?, &evaluate(&sides.1, value)?)?
        }
    })
}

fn number(term: &Term) -> Result<f64, ExpressionError> {
    match term {
        Term::Number(value) => Ok(*value),
        other => Err(ExpressionError(format!("{other} is {}: a number expected", other.kind()))),
    }
}

/// True where an operator takes names for numbers: in calculations, and beside what is a number whatever its names are.
fn wants_numbers(operator: Operator, left: &Node, right: &Node) -> bool {
    match operator {
        Operator::Subtract | Operator::Multiply | Operator::Divide | Operator::Remainder => true,
        Operator::Or | Operator::And | Operator::Add => false,
        Operator::In => {
            matches!(right, Node::List(items) if !items.is_empty() && items.iter().all(Node::is_number))
        }
        _ => left.is_number() || right.is_number(),
    }
}

impl Node {
    /// True of what is a number whatever its names are.
    fn is_number(&self) -> bool {
        match self {
            Node::Constant(Term::Number(_)) | Node::Negative(_) => true,
            Node::Call(function, _) => {
                ["abs", "floor", "round", "sqrt", "min", "max", "int", "length"].contains(&function.as_str())
            }
            Node::Two(Operator::Add, sides) => sides.0.is_number() && sides.1.is_number(),
            Node::Two(operator, _) => {
                use Operator::{Divide, Multiply, Remainder, Subtract};
                matches!(operator, Subtract | Multiply | Divide | Remainder)
            }
            _ => false,
        }
    }
}

/// The value of what stands where a number is wanted: a name may stand for a word that is one, such as `08`.
fn as_number(node: &Node, value: &dyn Fn(&str) -> Option<Term>) -> Result<Term, ExpressionError> {
    let term = evaluate(node, value)?;
    let is_number = |word: &str| word.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    Ok(match (node, &term) {
        (Node::Name(_), Term::Text(word)) if is_number(word) => match word.parse::<f64>() {
            Ok(value) if value.is_finite() => Term::Number(value),
            _ => term,
        },
        _ => term,
    })
}

/// Whether two values are the same.
fn equal(a: &Term, b: &Term) -> Result<bool, ExpressionError> {
    match (a, b) {
        // A truth of a table is its word, as good as any other word that stands beside it there.
        (Term::Truth(truth), Term::Text(word)) | (Term::Text(word), Term::Truth(truth)) => {
            Ok(truth.to_string() == *word)
        }
        _ if std::mem::discriminant(a) == std::mem::discriminant(b) => Ok(a == b),
        _ => {
            Err(ExpressionError(format!("{a} is {} and {b} is {}: they are never equal", a.kind(), b.kind())))
        }
    }
}

/// Whether a value is one of several; wrong where none of them could ever be it.
fn is_among(value: &Term, items: &[Term]) -> Result<bool, ExpressionError> {
    let mut wrong = None;
    let mut could_be = items.is_empty();
    for item in items {
        match equal(value, item) {
            Ok(true) => return Ok(true),
            Ok(false) => could_be = true,
            Err(error) => wrong = wrong.or(Some(error)),
        }
    }
    match wrong {
        Some(error) if !could_be => Err(error),
        _ => Ok(false),
    }
}

fn two(operator: Operator, a: &Term, b: &Term) -> Result<Term, ExpressionError> {
    use std::cmp::Ordering;
    let order = || match (a, b) {
        (Term::Number(a), Term::Number(b)) => Ok(a.partial_cmp(b)),
        (Term::Text(a), Term::Text(b)) => Ok(Some(a.cmp(b))),
        _ => Err(ExpressionError(format!("{a} is {} and {b} is {}: they have no order", a.kind(), b.kind()))),
    };
    Ok(match operator {
        Operator::Equal => Term::Truth(equal(a, b)?),
        Operator::NotEqual => Term::Truth(!equal(a, b)?),
        Operator::Less => Term::Truth(order()?.is_some_and(Ordering::is_lt)),
        Operator::LessEqual => Term::Truth(order()?.is_some_and(Ordering::is_le)),
        Operator::Greater => Term::Truth(order()?.is_some_and(Ordering::is_gt)),
        Operator::GreaterEqual => Term::Truth(order()?.is_some_and(Ordering::is_ge)),
        Operator::In => match b {
            Term::List(items) => Term::Truth(is_among(a, items)?),
            other => return Err(ExpressionError(format!("after in a list is expected, not {other}"))),
        },
        Operator::Add => match (a, b) {
            (Term::Text(a), b) => Term::Text(format!("{a}{}", bare(b))),
            (a, Term::Text(b)) => Term::Text(format!("{}{b}", bare(a))),
            _ => Term::Number(number(a)? + number(b)?),
        },
        Operator::Subtract => Term::Number(number(a)? - number(b)?),
        Operator::Multiply => Term::Number(number(a)? * number(b)?),
        Operator::Divide | Operator::Remainder if number(b)? == 0.0 => {
            return Err(ExpressionError(format!("{a} is divided by zero")));
        }
        Operator::Divide => Term::Number(number(a)? / number(b)?),
        // As in mathematics and Python: -1 % 2 is 1.
        Operator::Remainder => {
            let (a, b) = (number(a)?, number(b)?);
            let rest = a % b;
            Term::Number(if rest != 0.0 && (rest < 0.0) != (b < 0.0) { rest + b } else { rest })
        }
        Operator::And | Operator::Or => return Err(ExpressionError("a condition expected".into())),
    })
}

/// A value without quotes.
fn bare(term: &Term) -> String {
    match term {
        Term::Text(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
