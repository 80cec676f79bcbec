//! Stretches of a script: lines, and loops over items.

use std::collections::{BTreeMap, BTreeSet};

/// A line that is longer is written over several.
const WIDTH: usize = 112;

/// A stretch of the script.
pub(super) enum Block {
    Lines(Vec<String>),
    Loop(Loop),
}

/// A loop over the items of one list, or over those of several that belong together.
#[derive(Default)]
pub(super) struct Loop {
    /// What it goes over.
    heads: Vec<Head>,
    /// The variable of the item of each list in it.
    pub variables: BTreeMap<String, String>,
    /// Lists whose items are made in it.
    made: BTreeSet<String>,
    pub body: Vec<String>,
    /// Lists that are needed later: the list and the variable of its items.
    lists: Vec<(String, String)>,
}

/// A list that a node takes item by item.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Head {
    /// An expression for the list.
    pub list: String,
    /// The variable of its item.
    pub variable: String,
}

impl Loop {
    pub(super) fn over(heads: &[Head]) -> Self {
        let variables = heads.iter().map(|head| (head.list.clone(), head.variable.clone())).collect();
        Self { heads: heads.to_vec(), variables, ..Self::default() }
    }

    /// True where a node that takes these lists item by item sees the same items as this loop.
    pub(super) fn fits(&self, heads: &[Head]) -> bool {
        let known = heads.iter().all(|head| self.variables.contains_key(&head.list));
        let lists = |heads: &[Head]| heads.iter().map(|head| head.list.clone()).collect::<BTreeSet<_>>();
        let own = lists(heads);
        known
            && !heads.is_empty()
            && (own == lists(&self.heads) || own.iter().any(|list| self.made.contains(list)))
    }

    /// An item that is made in it.
    pub(super) fn made(&mut self, list: &str, variable: &str) {
        self.variables.insert(list.to_owned(), variable.to_owned());
        self.made.insert(list.to_owned());
    }

    /// Its items are needed as a list.
    pub(super) fn listed(&mut self, list: &str) {
        let variable = self.variables.get(list).cloned().unwrap_or_default();
        let entry = (list.to_owned(), variable);
        if self.made.contains(list) && !self.lists.contains(&entry) {
            self.lists.push(entry);
        }
    }

    fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.lists.iter().map(|(list, _)| format!("{list} = []")).collect();
        let variables: Vec<&str> = self.heads.iter().map(|head| head.variable.as_str()).collect();
        let over = match self.heads.as_slice() {
            [Head { list, .. }] => list.clone(),
            several => {
                let lists: Vec<&str> = several.iter().map(|head| head.list.as_str()).collect();
                format!("matched({})", lists.join(", "))
            }
        };
        lines.push(format!("for keys, {} in {over}:", variables.join(", ")));
        let appended = self.lists.iter().map(|(list, variable)| format!("{list}.append((keys, {variable}))"));
        let body = self.body.iter().cloned().chain(appended).flat_map(|line| wrapped(&line, WIDTH - 8));
        let has_code = self.body.iter().any(|line| !line.starts_with('#')) || !self.lists.is_empty();
        match has_code {
            // One item that fails does not stop the others.
            true => {
                lines.push("    try:".to_owned());
                lines.extend(body.map(|line| indented(&indented(&line))));
                lines.push("    except Exception as error:".to_owned());
                lines.push("        left_out(keys, error)".to_owned());
            }
            // Nothing in it has an equivalent.
            false => lines = self.body.clone(),
        }
        lines
    }
}

impl Block {
    /// Its lines, as they stand in a function, with an empty one before.
    pub(super) fn lines(&self) -> Vec<String> {
        let lines = match self {
            Block::Lines(lines) => lines.clone(),
            Block::Loop(block) => block.lines(),
        };
        let wrapped = lines.iter().flat_map(|line| wrapped(line, WIDTH)).map(|line| indented(&line));
        std::iter::once(String::new()).chain(wrapped).collect()
    }
}

fn indented(line: &str) -> String {
    if line.is_empty() { String::new() } else { format!("    {line}") }
}

/// A call that is too long for a line, an argument a line.
fn wrapped(line: &str, width: usize) -> Vec<String> {
    let whole = vec![line.to_owned()];
    if line.chars().count() <= width {
        return whole;
    }
    let indent: String = line.chars().take_while(|c| *c == ' ').collect();
    if line.trim_start().starts_with('#') {
        return comment(line, &indent, width);
    }
    // Brackets that are open, with the commas in each.
    let mut open: Vec<(usize, Vec<usize>)> = Vec::new();
    let (mut last, mut quote, mut escaped) = (None, None, false);
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(end), _) if c == end => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[' | '{') => open.push((at + 1, Vec::new())),
            (None, ')' | ']' | '}') => last = open.pop().map(|(start, commas)| (start, commas, at)),
            (None, ',') => open.iter_mut().last().into_iter().for_each(|(_, commas)| commas.push(at)),
            _ => {}
        }
    }
    // The bracket that ends the line.
    let Some((start, cuts, end)) = last.filter(|(start, _, end)| {
        matches!(&line[end + 1..], "" | ",") && end > start && line[..*start].ends_with('(')
    }) else {
        return whole;
    };
    let is_loop = line[start..end].contains(" for ") && cuts.is_empty();
    let starts = std::iter::once(start).chain(cuts.iter().map(|cut| cut + 1));
    let ends = cuts.iter().copied().chain([end]);
    // A comma after a comprehension is none of a call.
    let comma = if is_loop { "" } else { "," };
    let arguments =
        starts.zip(ends).map(|(start, end)| format!("{indent}    {}{comma}", line[start..end].trim()));
    let arguments = arguments.flat_map(|line| wrapped(&line, width));
    std::iter::once(line[..start].to_owned())
        .chain(arguments)
        .chain([format!("{indent}{}", &line[end..])])
        .collect()
}

/// A long remark over several lines.
fn comment(line: &str, indent: &str, width: usize) -> Vec<String> {
    let mut lines = vec![format!("{indent}#")];
    for word in line.trim_start().trim_start_matches('#').split_whitespace() {
        match lines.last_mut() {
            Some(last) if last.chars().count() + 1 + word.chars().count() <= width => {
                last.push(' ');
                last.push_str(word);
            }
            _ => lines.push(format!("{indent}# {word}")),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_calls_have_an_argument_a_line() {
        assert_eq!(wrapped("x = f(a, b)", 40), ["x = f(a, b)"]);
        let long = wrapped("  x = f(a, b=\"c, (d\", e=[1, 2])", 20);
        assert_eq!(long, ["  x = f(", "      a,", "      b=\"c, (d\",", "      e=[1, 2],", "  )"]);
        assert_eq!(wrapped("f(aaaaaaaaaaaa).g(bbb)", 20), ["f(aaaaaaaaaaaa).g(", "    bbb,", ")"]);
        assert_eq!(
            wrapped("(a, f(bbbbbbb, c)),", 14).concat(),
            "(    a,    f(        bbbbbbb,        c,    ),),"
        );
        assert_eq!(wrapped("f(aaaaaaaaaaaaaaaaaaa)[1]", 20).len(), 1);
        assert_eq!(wrapped("# one two three", 10), ["# one two", "# three"]);
    }
}
