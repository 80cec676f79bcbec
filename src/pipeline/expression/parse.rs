//! From text to a tree: precedence climbing over a list of words.

use super::{ExpressionError, Node, Operator, Term};

/// Parentheses may be nested this deep.
const MAX_DEPTH: usize = 64;
/// Operators between two values: each is a level of the tree.
const MAX_OPERATORS: usize = 1000;

#[derive(Clone, Debug, PartialEq)]
enum Word {
    Number(f64),
    Text(String),
    Name(String),
    Sign(&'static str),
}

/// Signs, the longer first.
const SIGNS: [&str; 21] = [
    "&&", "||", "==", "!=", "<=", ">=", "(", ")", "[", "]", ",", "<", ">", "!", "+", "-", "*", "/", "%", "?",
    ":",
];

pub(super) fn parse(text: &str) -> Result<Node, ExpressionError> {
    let words = words(text)?;
    if words.is_empty() {
        return Err(ExpressionError("an expression expected, such as index % 2 == 0".into()));
    }
    let mut parser = Parser { words, at: 0, depth: 0, operators: 0, text };
    let node = parser.choice()?;
    match parser.words.get(parser.at) {
        None => Ok(node),
        Some(_) => Err(parser.wrong("an operator expected")),
    }
}

fn words(text: &str) -> Result<Vec<(Word, usize)>, ExpressionError> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let taken = |keep: fn(char) -> bool| rest.find(|c| !keep(c)).unwrap_or(rest.len());
        let (word, length) = if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        } else if first == '"' || first == '\'' {
            let inner = &rest[1..];
            let end = inner.find(first).ok_or_else(|| wrong(text, at, "the quote is not closed"))?;
            (Word::Text(inner[..end].to_owned()), end + 2)
        } else if first.is_ascii_digit() || first == '.' {
            let mut length = taken(|c| c.is_ascii_digit() || c == '.');
            let exponent =
                rest[length..].strip_prefix(['e', 'E']).map(|e| e.strip_prefix(['+', '-']).unwrap_or(e));
            if let Some(digits) = exponent.filter(|e| e.starts_with(|c: char| c.is_ascii_digit())) {
                let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
                length = rest.len() - digits.len() + end;
            }
            match rest[..length].parse() {
                Ok(value) => (Word::Number(value), length),
                Err(_no_number) => return Err(wrong(text, at, "a number expected")),
            }
        } else if first.is_alphabetic() || first == '_' {
            let length = taken(|c| c.is_alphanumeric() || c == '_' || c == '.');
            let word = match &rest[..length] {
                "and" => Word::Sign("&&"),
                "or" => Word::Sign("||"),
                "not" => Word::Sign("!"),
                name => Word::Name(name.to_owned()),
            };
            (word, length)
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            (Word::Sign(sign), sign.len())
        } else {
            let advice = match first {
                '=' => "write == to compare",
                '&' => "write && for and",
                '|' => "write || for or",
                _ => "this sign has no meaning here",
            };
            return Err(wrong(text, at, advice));
        };
        words.push((word, at));
        at += length;
    }
    Ok(words)
}

fn wrong(text: &str, at: usize, message: &str) -> ExpressionError {
    let column = text[..at].chars().count() + 1;
    ExpressionError(format!("{}: {message} at character {column}", text.trim()))
}

struct Parser<'a> {
    words: Vec<(Word, usize)>,
    at: usize,
    depth: usize,
    operators: usize,
    text: &'a str,
}

/// Operators by how strongly they bind, weakest first.
fn binding(word: &Word) -> Option<(Operator, u8)> {
    Some(match word {
        Word::Sign("||") => (Operator::Or, 1),
        Word::Sign("&&") => (Operator::And, 2),
        Word::Sign("==") => (Operator::Equal, 3),
        Word::Sign("!=") => (Operator::NotEqual, 3),
        Word::Sign("<") => (Operator::Less, 3),
        Word::Sign("<=") => (Operator::LessEqual, 3),
        Word::Sign(">") => (Operator::Greater, 3),
        Word::Sign(">=") => (Operator::GreaterEqual, 3),
        Word::Name(name) if name == "in" => (Operator::In, 3),
        Word::Sign("+") => (Operator::Add, 4),
        Word::Sign("-") => (Operator::Subtract, 4),
        Word::Sign("*") => (Operator::Multiply, 5),
        Word::Sign("/") => (Operator::Divide, 5),
        Word::Sign("%") => (Operator::Remainder, 5),
        _ => return None,
    })
}

impl Parser<'_> {
    fn wrong(&self, message: &str) -> ExpressionError {
        let at = self.words.get(self.at).map_or(self.text.trim_end().len(), |(_, at)| *at);
        wrong(self.text, at, message)
    }

    /// The text is not repeated: nobody could read on.
    fn too_long(&self) -> ExpressionError {
        let at = self.words.get(self.at).map_or(0, |(_, at)| self.text[..*at].chars().count() + 1);
        let advice = "write several values as a list: index in [1, 2, 3]";
        ExpressionError(format!("more than {MAX_OPERATORS} operators at character {at}: {advice}"))
    }

    fn take(&mut self, sign: &str) -> bool {
        let is_there = matches!(self.words.get(self.at), Some((Word::Sign(found), _)) if *found == sign);
        self.at += usize::from(is_there);
        is_there
    }

    fn expect(&mut self, sign: &str) -> Result<(), ExpressionError> {
        if self.take(sign) { Ok(()) } else { Err(self.wrong(&format!("{sign} expected"))) }
    }

    fn choice(&mut self) -> Result<Node, ExpressionError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.wrong("nested too deep"));
        }
        let condition = self.climb(0)?;
        let node = if self.take("?") {
            let yes = self.choice()?;
            self.expect(":")?;
            Node::Choice(Box::new((condition, yes, self.choice()?)))
        } else {
            condition
        };
        self.depth -= 1;
        Ok(node)
    }

    fn climb(&mut self, weakest: u8) -> Result<Node, ExpressionError> {
        let mut left = self.single()?;
        while let Some((operator, strength)) = self.words.get(self.at).and_then(|(word, _)| binding(word))
            && strength > weakest
        {
            self.operators += 1;
            if self.operators > MAX_OPERATORS {
                return Err(self.too_long());
            }
            self.at += 1;
            let right = self.climb(strength)?;
            left = Node::Two(operator, Box::new((left, right)));
        }
        Ok(left)
    }

    fn single(&mut self) -> Result<Node, ExpressionError> {
        let Some((word, _)) = self.words.get(self.at).cloned() else {
            return Err(self.wrong("a value expected"));
        };
        let place = self.at;
        self.at += 1;
        Ok(match word {
            Word::Number(value) => Node::Constant(Term::Number(value)),
            Word::Text(text) => Node::Constant(Term::Text(text)),
            Word::Sign("(") => {
                let inner = self.choice()?;
                self.expect(")")?;
                inner
            }
            Word::Sign("[") => Node::List(self.list("]")?),
            Word::Sign(sign @ ("!" | "-")) => {
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err(self.wrong("nested too deep"));
                }
                // Binds more strongly than any operator between two values, but for `!a == b`, which is refused then.
                let inner = Box::new(self.single()?);
                self.depth -= 1;
                if sign == "!" { Node::Not(inner) } else { Node::Negative(inner) }
            }
            Word::Name(name) if name == "true" || name == "false" => {
                Node::Constant(Term::Truth(name == "true"))
            }
            Word::Name(name) if self.take("(") => Node::Call(name, self.list(")")?),
            Word::Name(name) => Node::Name(name),
            Word::Sign(_) => {
                self.at = place;
                return Err(self.wrong("a value expected"));
            }
        })
    }

    fn list(&mut self, end: &str) -> Result<Vec<Node>, ExpressionError> {
        let mut items = Vec::new();
        while !self.take(end) {
            if !items.is_empty() {
                self.expect(",")?;
            }
            items.push(self.choice()?);
        }
        Ok(items)
    }
}
