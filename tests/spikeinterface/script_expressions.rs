//! Expressions mean in a script what they mean here: evaluated in Rust and in Python, and held against each other.

use super::common::{place::Place, root, run_python};
use serde_json::{Value as Json, json};
use spikeloom::pipeline::{Coordinate, CoordinateValue, Expression, Term};

/// Keys of an item, as our run and as a script has them.
fn item() -> (Coordinate, Json) {
    let keys = json!({"index": 3, "one": 1, "half": 0.5, "neg": -2.5, "session": "a", "name": "007", "good": true,
        "bad": false, "large": 1e20, "small": 1e-7});
    let ours = keys.as_object().unwrap().iter();
    let ours = ours.map(|(name, value)| (name.clone(), CoordinateValue::of_json(value).unwrap()));
    (ours.collect(), keys)
}

/// Expressions that easily mean something else there.
const KNOWN: [&str; 30] = [
    "round(good ? half : index)",
    "round(neg) + round(0 - neg) + round(half) + round(0.49999999999999994)",
    "\"x\" + index / 2",
    "\"x\" + one / one",
    "session + index",
    "index + session + half",
    "index + one",
    "one + index + session",
    "session + (index + one)",
    "text(good) + text(one / one) + text(large) + text(small) + text(neg)",
    "session + good",
    "-(index - 3) < 0",
    "text(-(index - 3)) == \"0\"",
    "int(neg / 10) + \"\"",
    "(index - 3) * (0 - 1) + session",
    "good == \"true\" && bad != \"true\"",
    "good && !bad",
    "text(index > 2) == \"true\"",
    "(session + name == \"a007\") == good",
    "5.5 % 0.1",
    "neg % 2 + index % neg",
    "min(index) + max(neg, half, index)",
    "(index > 2 ? session : name) + one",
    "session in [\"a\", \"b\"] && index in [1, 3]",
    "contains(session + name, \"00\") || starts_with(name, \"1\")",
    "ends_with(text(half), \"5\") ? length(name + session) : sqrt(index * index)",
    "!(session == \"a\") == bad",
    "(index < 2) == (one > 5)",
    "good ? bad ? \"p\" : \"q\" : \"r\"",
    "floor(neg) * abs(neg) - int(\" 12 \")",
];

/// The same numbers every time.
struct Random(u64);

impl Random {
    fn of(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % count
    }

    fn one<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.of(all.len())]
    }

    /// Some expression, which need not have a value.
    fn expression(&mut self, depth: usize) -> String {
        let values = [
            "index", "one", "half", "neg", "session", "name", "good", "bad", "2", "0.25", "\"x\"", "'true'",
            "true", "\"1\"",
        ];
        if depth == 0 {
            return self.one(&values).to_owned();
        }
        let mut part = || self.expression(depth - 1);
        let [a, b, c] = [part(), part(), part()];
        let operators = ["+", "+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||"];
        match self.of(10) {
            0..4 => format!("{a} {} {b}", self.one(&operators)),
            4..6 => format!("({a}) {} ({b})", self.one(&operators)),
            6 => format!("({a}) ? {b} : {c}"),
            7 => format!(
                "{}({a})",
                self.one(&["abs", "floor", "round", "sqrt", "int", "text", "length", "-", "!"])
            ),
            8 => format!("{}({a}, {b})", self.one(&["min", "max", "contains", "starts_with", "ends_with"])),
            _ => a,
        }
    }
}

fn of_term(term: Term) -> Json {
    match term {
        Term::Number(value) => json!(value + 0.0),
        Term::Text(text) => json!(text),
        Term::Truth(truth) => json!(truth),
        Term::List(items) => items.into_iter().map(of_term).collect(),
    }
}

#[test]
fn expressions_have_the_same_value_in_python() {
    let (coordinate, keys) = item();
    let mut random = Random(7);
    let made = (0..20_000).map(|number| random.expression(1 + number % 3));
    let cases: Vec<Json> = KNOWN
        .iter()
        .map(|text| ((*text).to_owned(), true))
        .chain(made.map(|text| (text, false)))
        .filter_map(|(text, is_known)| {
            let expression = Expression::parse(&text).unwrap_or_else(|e| panic!("{e}"));
            let value = expression.of_item(&coordinate);
            assert!(value.is_ok() || !is_known, "{value:?}");
            let python = expression.in_python(&|name| format!("keys[{name:?}]"));
            Some(json!([text, python, of_term(value.ok()?)]))
        })
        .collect();
    assert!(cases.len() > 3000, "only {} have a value", cases.len());
    let place = Place::new();
    let cases = place.write("cases.json", &json!({"keys": keys, "cases": cases}).to_string());
    let script = r#"
import json, math, pathlib, sys
import numpy as np
exec(pathlib.Path(sys.argv[1]).read_text())
told = json.loads(pathlib.Path(sys.argv[2]).read_text())
wrong = []
for text, python, ours in told["cases"]:
    try:
        theirs = eval(python, globals(), {"keys": told["keys"]})
    except Exception as error:
        theirs = repr(error)
    same = theirs == ours and isinstance(theirs, bool) == isinstance(ours, bool)
    if not same:
        wrong.append(f"{text}: {ours!r} here, {theirs!r} by {python}")
assert not wrong, f"{len(wrong)} of {len(told['cases'])}:\n" + "\n".join(wrong[:20])
"#;
    run_python(script, &[&root().join("src/pipeline/python/functions/items.py"), &cases]);
}
