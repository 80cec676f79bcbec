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
    steps: Vec<Step>,
    /// Lists that are needed later: the list and the variable of its items.
    lists: Vec<(String, String)>,
}

/// The lines of a node in a loop.
#[derive(Default)]
struct Step {
    lines: Vec<String>,
    /// Lists whose items it makes.
    made: BTreeSet<String>,
}

impl Step {
    fn is_remark(&self) -> bool {
        self.lines.iter().all(|line| line.starts_with('#'))
    }
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
        // Where a step fails, what follows in the loop is left out: that has to need it.
        let follows = match self.steps.iter().rfind(|step| !step.is_remark()) {
            None => own == lists(&self.heads),
            Some(last) => own.iter().any(|list| last.made.contains(list)),
        };
        known && !heads.is_empty() && follows
    }

    /// The lines of another node, which needs what the last one makes.
    pub(super) fn step(&mut self, lines: impl IntoIterator<Item = String>) {
        self.steps.push(Step { lines: lines.into_iter().collect(), made: BTreeSet::new() });
    }

    /// An item that is made in it.
    pub(super) fn made(&mut self, list: &str, variable: &str) {
        self.variables.insert(list.to_owned(), variable.to_owned());
        self.made.insert(list.to_owned());
        if let Some(step) = self.steps.last_mut() {
            step.made.insert(list.to_owned());
        }
    }

    /// Its items are needed as a list.
    pub(super) fn listed(&mut self, list: &str) {
        let variable = self.variables.get(list).cloned().unwrap_or_default();
        let entry = (list.to_owned(), variable);
        if self.made.contains(list) && !self.lists.contains(&entry) {
            self.lists.push(entry);
        }
    }

    /// What a list of items that are made in it begins as: of groups each is refused, or taken, by itself.
    fn new_list(&self) -> String {
        let is_name = |head: &&Head| head.list.chars().all(|c| c.is_alphanumeric() || c == '_');
        let lists: Vec<&str> = self.heads.iter().filter(is_name).map(|head| head.list.as_str()).collect();
        match lists.is_empty() {
            true => "[]".to_owned(),
            false => format!("made_of({})", lists.join(", ")),
        }
    }

    fn lines(&self) -> Vec<String> {
        let made = self.new_list();
        let mut lines: Vec<String> = self.lists.iter().map(|(list, _)| format!("{list} = {made}")).collect();
        let variables: Vec<&str> = self.heads.iter().map(|head| head.variable.as_str()).collect();
        let over = match self.heads.as_slice() {
            [Head { list, .. }] => list.clone(),
            several => {
                let lists: Vec<&str> = several.iter().map(|head| head.list.as_str()).collect();
                format!("matched({})", lists.join(", "))
            }
        };
        lines.push(format!("for keys, {} in {over}:", variables.join(", ")));
        // What is made is there, whatever becomes of the steps after it.
        let appended = |step: &Step| -> Vec<String> {
            let own = self.lists.iter().filter(|(list, _)| step.made.contains(list));
            own.map(|(list, variable)| format!("{list}.append((keys, {variable}))")).collect()
        };
        let body = self.steps.iter().flat_map(|step| step.lines.iter().cloned().chain(appended(step)));
        let body: Vec<String> = body.flat_map(|line| wrapped(&line, WIDTH - 8)).collect();
        let has_code = self.steps.iter().any(|step| !step.is_remark()) || !self.lists.is_empty();
        match has_code {
            // One item that fails does not stop the others.
            true => {
                lines.push("    try:".to_owned());
                lines.extend(body.iter().map(|line| indented(&indented(line))));
                lines.push("    except Exception as error:".to_owned());
                let lists = self.lists.iter().map(|(list, _)| format!(", {list}"));
                lines.push(format!("        left_out(keys, error{})", lists.collect::<String>()));
            }
            // Nothing in it has an equivalent.
            false => lines = body,
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
