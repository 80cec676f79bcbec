//! Expressions as Python writes them.

use super::{Expression, Node, Operator, Term};
use crate::pipeline::literal;

/// How strongly an `if` binds, weakest, and what stands by itself.
const CHOICE: u8 = 0;
const ATOM: u8 = 10;

impl Expression {
    /// The same in Python; `name` gives what stands for a name. Needs `math` for some functions.
    pub fn in_python(&self, name: &dyn Fn(&str) -> String) -> String {
        written(&self.root, name).0
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
    // In parentheses where it binds less than what is around.
    let within = |node: &Node, least: u8| match written(node, name) {
        (text, strength) if strength >= least => text,
        (text, _) => format!("({text})"),
    };
    let list = |items: &[Node]| items.iter().map(|item| within(item, CHOICE)).collect::<Vec<_>>().join(", ");
    match node {
        Node::Constant(term) => (constant(term), ATOM),
        Node::Name(word) => (name(word), ATOM),
        Node::List(items) => (format!("[{}]", list(items)), ATOM),
        Node::Not(inner) => (format!("not {}", within(inner, 3)), 3),
        Node::Negative(inner) => (format!("-{}", within(inner, 7)), 7),
        Node::Choice(parts) => {
            let (condition, yes, no) = &**parts;
            let text = format!("{} if {} else {}", within(yes, 1), within(condition, 1), within(no, CHOICE));
            (text, CHOICE)
        }
        Node::Two(operator, sides) => {
            let (sign, strength) = sign(*operator);
            let (left, right) = (&sides.0, &sides.1);
            // A word is put together with anything here.
            let words = *operator == Operator::Add && (is_word(left) || is_word(right));
            let side = |side: &Node, least| match words && !is_word(side) {
                true => format!("str({})", within(side, CHOICE)),
                false => within(side, least),
            };
            // Comparisons in a row mean something else there.
            let least = if strength == 4 { 5 } else { strength };
            (format!("{} {sign} {}", side(left, least), side(right, strength + 1)), strength)
        }
        Node::Call(function, arguments) => {
            let one = || arguments.first().map(|node| within(node, CHOICE)).unwrap_or_default();
            let of_word = |method: &str| {
                let word = arguments.first().map(|node| within(node, ATOM)).unwrap_or_default();
                format!(
                    "{word}.{method}({})",
                    arguments.get(1).map(|node| within(node, CHOICE)).unwrap_or_default()
                )
            };
            match function.as_str() {
                "floor" | "sqrt" => (format!("math.{function}({})", one()), ATOM),
                // Halves away from zero.
                "round" => (format!("int({0} + math.copysign(0.5, {0}))", one()), ATOM),
                "text" => (format!("str({})", one()), ATOM),
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

fn is_word(node: &Node) -> bool {
    match node {
        Node::Constant(Term::Text(_)) => true,
        Node::Call(function, _) => function == "text",
        Node::Two(Operator::Add, sides) => is_word(&sides.0) || is_word(&sides.1),
        _ => false,
    }
}

fn constant(term: &Term) -> String {
    match term {
        Term::Number(x) if x.fract() == 0.0 && x.abs() < 9e15 => (*x as i64).to_string(),
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
            ("session == \"a\" && index % 2 == 0", "k.session == \"a\" and k.index % 2 == 0"),
            ("!(a || b) && c", "not (k.a or k.b) and k.c"),
            ("floor(snr / 5) * 5", "math.floor(k.snr / 5) * 5"),
            ("a - (b - c) - d", "k.a - (k.b - k.c) - k.d"),
            ("(a == b) == true", "(k.a == k.b) == True"),
            ("\"day\" + n + 1", "\"day\" + str(k.n) + str(1)"),
            ("n > 2.5 ? \"many\" : \"few\"", "\"many\" if k.n > 2.5 else \"few\""),
            ("contains(name, \"x\") and n in [1, 2]", "\"x\" in k.name and k.n in [1, 2]"),
            ("-min(a, 2)", "-min(k.a, 2)"),
            ("ends_with(name, \"_a\")", "k.name.endswith(\"_a\")"),
        ] {
            let found = Expression::parse(text).unwrap().in_python(&|name| format!("k.{name}"));
            assert_eq!(found, python, "{text}");
        }
        assert_eq!(Expression::parse("a + b * a").unwrap().names(), ["a", "b"]);
    }
}
