//! Expressions as Python writes them.

use super::{Expression, Node, Operator, Term, bare};
use crate::pipeline::literal;

/// How strongly an `if` binds, weakest, and what stands by itself.
const CHOICE: u8 = 0;
const ATOM: u8 = 10;

impl Expression {
    /// The same in Python; `name` gives what stands for a name. Needs `math` and `word`, `number`, `holds`, `plus` and `rounded`
    /// of the scripts.
    pub fn in_python(&self, name: &dyn Fn(&str) -> String) -> String {
        written(&self.root, name).0
    }

    /// As [`Self::in_python`], of a condition.
    pub fn condition_in_python(&self, name: &dyn Fn(&str) -> String) -> String {
        truth(&self.root, name).0
    }

    /// The names in it, each once, in their order.
    pub fn names(&self) -> Vec<&str> {
        let mut found = Vec::new();
        collect(&self.root, &mut found);
        found
    }
}

fn collect<'e>(node: &'e Node, found: &mut Vec<&'e str>) {
    match node {
        Node::Constant(_) => {}
        Node::Name(name) if found.contains(&name.as_str()) => {}
        Node::Name(name) => found.push(name),
        Node::List(items) | Node::Call(_, items) => items.iter().for_each(|item| collect(item, found)),
        Node::Not(inner) | Node::Negative(inner) => collect(inner, found),
        Node::Two(_, sides) => [&sides.0, &sides.1].into_iter().for_each(|side| collect(side, found)),
        Node::Choice(parts) => {
            [&parts.0, &parts.1, &parts.2].into_iter().for_each(|part| collect(part, found));
        }
    }
}

/// The sign of an operator and how strongly it binds.
fn sign(operator: Operator) -> (&'static str, u8) {
    match operator {
        Operator::Or => ("or", 1),
        Operator::And => ("and", 2),
        Operator::Equal => ("==", 4),
        Operator::NotEqual => ("!=", 4),
        Operator::Less => ("<", 4),
        Operator::LessEqual => ("<=", 4),
        Operator::Greater => (">", 4),
        Operator::GreaterEqual => (">=", 4),
        Operator::In => ("in", 4),
        Operator::Add => ("+", 5),
        Operator::Subtract => ("-", 5),
        Operator::Multiply => ("*", 6),
        Operator::Divide => ("/", 6),
        Operator::Remainder => ("%", 6),
    }
}

/// Text, and how strongly its outermost operator binds.
fn written(node: &Node, name: &dyn Fn(&str) -> String) -> (String, u8) {
    let within = |node: &Node, least: u8| enclosed(written(node, name), least);
    let held = |node: &Node, least: u8| enclosed(truth(node, name), least);
    // A key may be a word such as 08.
    let of_number = |node: &Node, least: u8| match node {
        Node::Name(word) => format!("number({})", name(word)),
        node => within(node, least),
    };
    let list = |items: &[Node]| items.iter().map(|item| within(item, CHOICE)).collect::<Vec<_>>().join(", ");
    match node {
        Node::Constant(term) => (constant(term), ATOM),
        Node::Name(word) => (name(word), ATOM),
        Node::List(items) => (format!("[{}]", list(items)), ATOM),
        Node::Not(inner) => (format!("not {}", held(inner, 3)), 3),
        Node::Negative(inner) => (format!("-{}", of_number(inner, 7)), 7),
        Node::Choice(parts) => {
            let (condition, yes, no) = &**parts;
            let text = format!("{} if {} else {}", within(yes, 1), held(condition, 1), within(no, CHOICE));
            (text, CHOICE)
        }
        Node::Two(operator, sides) => {
            let (sign, strength) = sign(*operator);
            let (left, right) = (&sides.0, &sides.1);
            // Comparisons in a row mean something else there.
            let least = if strength == 4 { 5 } else { strength };
            let with = |[left, right]: [String; 2]| (format!("{left} {sign} {right}"), strength);
            match operator {
                // A word is put together with anything here.
                Operator::Add if is_word(left) || is_word(right) => {
                    with([left, right].map(|side| as_word(side, name)))
                }
                Operator::Add if !(left.is_number() && right.is_number()) => {
                    (format!("plus({}, {})", within(left, CHOICE), within(right, CHOICE)), ATOM)
                }
                // A truth is as good as its word.
                Operator::Equal | Operator::NotEqual if may_be_truth(left) || may_be_truth(right) => {
                    with([left, right].map(|side| as_word(side, name)))
                }
                Operator::And | Operator::Or => with([held(left, least), held(right, strength + 1)]),
                _ if super::wants_numbers(*operator, left, right) => {
                    with([of_number(left, least), of_number(right, strength + 1)])
                }
                _ => with([within(left, least), within(right, strength + 1)]),
            }
        }
        Node::Call(function, arguments) => {
            let one = || arguments.first().map(|node| within(node, CHOICE)).unwrap_or_default();
            let of_word = |method: &str| {
                let word = match arguments.first() {
                    // A point after a number is part of it.
                    Some(node) if node.is_number() => format!("({})", within(node, CHOICE)),
                    node => node.map(|node| within(node, ATOM)).unwrap_or_default(),
                };
                format!(
                    "{word}.{method}({})",
                    arguments.get(1).map(|node| within(node, CHOICE)).unwrap_or_default()
                )
            };
            match function.as_str() {
                "floor" | "sqrt" => (format!("math.{function}({})", one()), ATOM),
                "round" => (format!("rounded({})", one()), ATOM),
                "text" => (arguments.first().map(|node| as_word(node, name)).unwrap_or_default(), ATOM),
                // Python takes a single value for a list.
                "min" | "max" if arguments.len() == 1 => (format!("({})", one()), ATOM),
                "length" => (format!("len({})", one()), ATOM),
                "starts_with" => (of_word("startswith"), ATOM),
                "ends_with" => (of_word("endswith"), ATOM),
                "contains" => match arguments.as_slice() {
                    [word, part] => (format!("{} in {}", within(part, 5), within(word, 5)), 4),
                    _ => (format!("{function}({})", list(arguments)), ATOM),
                },
                // Those of the same name.
                _ => (format!("{function}({})", list(arguments)), ATOM),
            }
        }
    }
}

/// In parentheses where it binds less than what is around.
fn enclosed((text, strength): (String, u8), least: u8) -> String {
    if strength >= least { text } else { format!("({text})") }
}

/// A condition: a key may be the word of a truth.
fn truth(node: &Node, name: &dyn Fn(&str) -> String) -> (String, u8) {
    match node {
        Node::Name(word) => (format!("holds({})", name(word)), ATOM),
        node => written(node, name),
    }
}

/// A value as a word.
fn as_word(node: &Node, name: &dyn Fn(&str) -> String) -> String {
    match node {
        Node::Constant(term @ (Term::Number(_) | Term::Truth(_))) => literal(bare(term)),
        // Words that are put together stand beside others.
        _ if is_word(node) => written(node, name).0,
        _ => format!("word({})", written(node, name).0),
    }
}

fn is_word(node: &Node) -> bool {
    match node {
        Node::Constant(Term::Text(_)) => true,
        Node::Call(function, _) => function == "text",
        Node::Two(Operator::Add, sides) => is_word(&sides.0) || is_word(&sides.1),
        _ => false,
    }
}

/// A word that may be the word of a truth.
fn may_be_truth(node: &Node) -> bool {
    match node {
        Node::Constant(Term::Text(text)) => text.parse::<bool>().is_ok(),
        Node::Choice(parts) => may_be_truth(&parts.1) || may_be_truth(&parts.2),
        node => is_word(node),
    }
}

fn constant(term: &Term) -> String {
    match term {
        Term::Number(x) if x.fract() == 0.0 && x.abs() < 9e15 => (*x as i64).to_string(),
        Term::Number(x) if !x.is_finite() => "math.inf".into(),
        Term::Number(x) => literal(x),
        Term::Text(text) => literal(text),
        Term::Truth(truth) => literal(truth),
        Term::List(items) => format!("[{}]", items.iter().map(constant).collect::<Vec<_>>().join(", ")),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_written_as_python_has_them() {
        for (text, python) in [
            ("session == \"a\" && index % 2 == 0", "k.session == \"a\" and number(k.index) % 2 == 0"),
            ("!(a || b) && c", "not (holds(k.a) or holds(k.b)) and holds(k.c)"),
            ("floor(snr / 5) * 5", "math.floor(number(k.snr) / 5) * 5"),
            ("a - (b - c) - d", "number(k.a) - (number(k.b) - number(k.c)) - number(k.d)"),
            ("(a == b) == true", "(k.a == k.b) == True"),
            ("\"day\" + n + 1", "\"day\" + word(k.n) + \"1\""),
            ("1 + (n + 2)", "plus(1, plus(k.n, 2))"),
            ("good == \"true\"", "word(k.good) == \"true\""),
            ("round(c ? a : b) + 1", "rounded(k.a if holds(k.c) else k.b) + 1"),
            ("n > 2.5 ? \"many\" : \"few\"", "\"many\" if number(k.n) > 2.5 else \"few\""),
            ("contains(name, \"x\") and n in [1, 2]", "\"x\" in k.name and number(k.n) in [1, 2]"),
            ("-min(a, 2)", "-min(k.a, 2)"),
            ("ends_with(name, \"_a\")", "k.name.endswith(\"_a\")"),
        ] {
            let found = Expression::parse(text).unwrap().in_python(&|name| format!("k.{name}"));
            assert_eq!(found, python, "{text}");
        }
        assert_eq!(Expression::parse("a + b * a").unwrap().names(), ["a", "b"]);
    }
}
