//! Functions of expressions.

use super::{ExpressionError, Term, number};

/// The functions there are, with what they give.
const FUNCTIONS: &[(&str, &str)] = &[
    ("abs(x)", "x without its sign"),
    ("floor(x), round(x), sqrt(x)", "as in mathematics"),
    ("min(a, b, …), max(a, b, …)", "the least, the greatest"),
    ("int(x)", "the whole number a word stands for, or x without its fraction"),
    ("text(x)", "x as a word"),
    ("length(word)", "how many characters"),
    ("contains(word, part), starts_with(word, part), ends_with(word, part)", "whether the word does"),
];

pub(super) fn call(name: &str, arguments: &[Term]) -> Result<Term, ExpressionError> {
    let numbers = || arguments.iter().map(number).collect::<Result<Vec<f64>, _>>();
    let least_or_greatest = |better: fn(f64, f64) -> f64| {
        let all = numbers()?.into_iter().reduce(better);
        all.map(Term::Number).ok_or_else(|| ExpressionError(format!("{name}() of nothing")))
    };
    Ok(match (name, arguments) {
        ("abs", [x]) => Term::Number(number(x)?.abs()),
        ("floor", [x]) => Term::Number(number(x)?.floor()),
        ("round", [x]) => Term::Number(number(x)?.round()),
        ("sqrt", [x]) if number(x)? < 0.0 => {
            return Err(ExpressionError(format!("{x} is negative: it has no square root")));
        }
        ("sqrt", [x]) => Term::Number(number(x)?.sqrt()),
        ("min", _) => least_or_greatest(f64::min)?,
        ("max", _) => least_or_greatest(f64::max)?,
        ("int", [Term::Number(x)]) => Term::Number(x.trunc()),
        ("int", [Term::Text(word)]) => match word.trim().parse::<i64>() {
            Ok(whole) => Term::Number(whole as f64),
            Err(_no_number) => return Err(ExpressionError(format!("\"{word}\" is no whole number"))),
        },
        ("text", [x]) => Term::Text(super::bare(x)),
        ("length", [Term::Text(word)]) => Term::Number(word.chars().count() as f64),
        ("contains", [Term::Text(word), Term::Text(part)]) => Term::Truth(word.contains(part.as_str())),
        ("starts_with", [Term::Text(word), Term::Text(part)]) => Term::Truth(word.starts_with(part.as_str())),
        ("ends_with", [Term::Text(word), Term::Text(part)]) => Term::Truth(word.ends_with(part.as_str())),
        _ => {
            let forms: Vec<&str> = FUNCTIONS.iter().map(|(form, _)| *form).collect();
            let count = arguments.len();
            return Err(ExpressionError(format!(
                "no function {name} takes these {count} values; there are {}",
                forms.join(", ")
            )));
        }
    })
}
