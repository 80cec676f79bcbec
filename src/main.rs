//! Start: no arguments or a file opens the window, a subcommand is the command line.

fn main() {}
