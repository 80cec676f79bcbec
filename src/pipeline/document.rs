//! Pipelines as RON text, read with the line and column of every problem.

use super::{
    Edit, MarkKind, NodeInstance, Params, Pipeline, Problem, Registry,
    check::nearest,
    group::{self, Group, is_way},
    mark,
    migrate::{self, VERSION},
    params::ron_options,
    raw::{RawMap, RawStruct, position, shift},
    read_params::read_params,
    text, validate,
};
use ron::value::RawValue;
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// Why a document could not be read or written at all.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The file could not be read or written.
    #[error(transparent)]
    File(#[from] crate::io::Error),
    /// It is no RON, or no pipeline.
    #[error("{name}:{line}:{column}: {message}")]
    Syntax {
        /// The file.
        name: String,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What was expected.
        message: String,
    },
    /// A newer program wrote it.
    #[error(
        "{name}: this pipeline has format version {found}, and this program reads up to version {supported}. \
         Get a newer Spikeloom to open it."
    )]
    Newer {
        /// The file.
        name: String,
        /// Its version.
        found: u32,
        /// The newest version that is read.
        supported: u32,
    },
}

/// A document that was read; problems that concern single nodes are listed, not fatal.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The pipeline.
    pub pipeline: Pipeline,
    /// All that is wrong with it, what [`validate`](super::validate()) finds included, with lines of the file.
    pub problems: Vec<Problem>,
}

/// The RON form of a pipeline.
pub struct Document;

impl Document {
    /// Reads a file.
    ///
    /// # Errors
    /// Where the file cannot be read, is no RON, or has a newer version.
    pub fn read(path: &Path, registry: &Registry) -> Result<Opened, DocumentError> {
        let text = std::fs::read_to_string(path).map_err(|e| crate::io::Error::io("read", path, e))?;
        Self::parse(&text, &path.display().to_string(), registry)
    }

    /// Reads text; `name` is what errors call it.
    ///
    /// # Errors
    /// Where it is no RON, or has a newer version.
    pub fn parse(text: &str, name: &str, registry: &Registry) -> Result<Opened, DocumentError> {
        let mut reader = Reader::new(text, name, registry);
        reader.document()?;
        Ok(reader.finish())
    }

    /// The text of a pipeline: nodes by name, defaults left out, one wire a line.
    pub fn to_text(pipeline: &Pipeline, registry: &Registry) -> String {
        text::to_text(pipeline, registry)
    }

    /// Writes a file: beside its place, then renamed.
    ///
    /// # Errors
    /// Where the file cannot be written; what was there before is untouched then.
    pub fn write(pipeline: &Pipeline, path: &Path, registry: &Registry) -> Result<(), DocumentError> {
        super::store::write_beside(path, Self::to_text(pipeline, registry).as_bytes())?;
        Ok(())
    }
}

type Place = (usize, usize);

/// From the top of the lowest node that has a place to those that are laid out, in canvas units.
const ROOM_BELOW: f32 = 200.0;

struct Reader<'a> {
    text: &'a str,
    name: &'a str,
    registry: &'a Registry,
    pipeline: Pipeline,
    problems: Vec<Problem>,
    /// Where nodes, `node.param` and both ends of wires stand, for problems found later.
    places: BTreeMap<String, Place>,
    /// Nodes of which the document does not say where they lie.
    unplaced: BTreeSet<String>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, name: &'a str, registry: &'a Registry) -> Self {
        Self {
            text,
            name,
            registry,
            pipeline: Pipeline::default(),
            problems: Vec::new(),
            places: BTreeMap::new(),
            unplaced: BTreeSet::new(),
        }
    }

    fn at(&self, piece: &str) -> Place {
        position(self.text, piece)
    }

    fn syntax(&self, (line, column): Place, message: impl Into<String>) -> DocumentError {
        DocumentError::Syntax { name: self.name.to_owned(), line, column, message: message.into() }
    }

    /// A piece as a type, errors at their place in the file.
    fn piece<T: Deserialize<'a>>(&self, piece: &'a str) -> Result<T, (Place, String)> {
        ron_options().from_str(piece).map_err(|e| (shift(self.at(piece), e.span.start), e.code.to_string()))
    }

    fn document(&mut self) -> Result<(), DocumentError> {
        let fields: RawStruct = self.piece(self.text).map_err(|(at, message)| {
            self.syntax(
                at,
                format!("{message}. A pipeline has the form (version: 1, nodes: {{…}}, wires: […])"),
            )
        })?;
        let fields = fields.0;
        let field = |name: &str| fields.iter().find(|(n, _)| *n == name).map(|(_, v)| v.get_ron());
        let version = field("version").ok_or_else(|| {
            self.syntax((1, 1), format!("no version: a pipeline begins with (version: {VERSION},"))
        })?;
        let found: u32 = self
            .piece(version)
            .map_err(|(at, message)| self.syntax(at, format!("version must be a whole number: {message}")))?;
        if found > VERSION {
            return Err(DocumentError::Newer { name: self.name.to_owned(), found, supported: VERSION });
        }
        if !migrate::is_known(found) {
            return Err(self.syntax(self.at(version), format!("there is no format version {found}")));
        }
        if let Some(seed) = field("seed") {
            let seed =
                self.piece(seed).map_err(|(at, message)| self.syntax(at, format!("seed: {message}")))?;
            self.edit(Edit::SetSeed(seed), (1, 1));
        }
        if let Some(groups) = field("sub_graphs") {
            let groups: RawMap =
                self.piece(groups).map_err(|(at, m)| self.syntax(at, format!("sub_graphs: {m}")))?;
            let mut entries = groups.0;
            // What holds others comes first.
            entries.sort_by_key(|(key, _)| key.get_ron().matches('/').count());
            for (key, value) in entries {
                self.group(key.get_ron(), value.get_ron());
            }
        }
        if let Some(nodes) = field("nodes") {
            let nodes: RawMap =
                self.piece(nodes).map_err(|(at, m)| self.syntax(at, format!("nodes: {m}")))?;
            for (key, value) in nodes.0 {
                self.node(key.get_ron(), value.get_ron());
            }
        }
        if let Some(wires) = field("wires") {
            let wires: Vec<&RawValue> =
                self.piece(wires).map_err(|(at, m)| self.syntax(at, format!("wires: {m}")))?;
            for wire in wires {
                self.wire(wire.get_ron());
            }
        }
        for (index, (name, value)) in fields.iter().enumerate() {
            let known = ["version", "seed", "nodes", "wires", "sub_graphs"];
            if fields.iter().take(index).any(|(earlier, _)| earlier == name) {
                let message = format!("\"{name}\" is given twice; the first one counts");
                self.problems.push(Problem::of_document(message).at(self.at(name)));
            } else if let Some(kind) = MarkKind::of_field(name) {
                self.marks(kind, value.get_ron());
            } else if !known.contains(name) {
                self.pipeline.keep_field(name, value.get_ron());
                let hint = nearest(name, known.into_iter())
                    .map(|near| format!("; did you mean \"{near}\"?"))
                    .unwrap_or_default();
                let message = format!("a pipeline has no field \"{name}\"{hint}");
                self.problems.push(Problem::of_document(message).at(self.at(name)));
            }
        }
        Ok(())
    }

    /// A group; one that cannot be read is shown with the ports of its wires.
    fn group(&mut self, key: &'a str, value: &'a str) {
        let name: String = match self.piece(key) {
            Ok(name) => name,
            Err((at, message)) => {
                self.problems
                    .push(Problem::of_document(format!("the name of a sub-graph: {message}")).at(at));
                return;
            }
        };
        self.around(&name, self.at(key));
        let read = group::from_text(value).map_err(|(at, message)| (shift(self.at(value), at), message));
        let group = read.unwrap_or_else(|(at, message)| {
            self.problems.push(Problem::of_node(&name, message).at(at));
            Group::default()
        });
        self.places.insert(name.clone(), self.at(key));
        self.edit(Edit::SetGroup(name, Some(group)), self.at(key));
    }

    /// The groups that a name lies in, where the document does not describe them.
    fn around(&mut self, name: &str, at: Place) {
        for (end, _) in name.match_indices('/') {
            if self.pipeline.group(&name[..end]).is_none() && !name[..end].is_empty() {
                self.unplaced.insert(name[..end].to_owned());
                self.places.entry(name[..end].to_owned()).or_insert(at);
                self.edit(Edit::SetGroup(name[..end].to_owned(), Some(Group::default())), at);
            }
        }
    }

    /// Frames or comments; where one cannot be read the field is kept as it is, and none of them is shown.
    fn marks(&mut self, kind: MarkKind, raw: &'a str) {
        let field = kind.field();
        let pieces = self.piece::<Vec<&RawValue>>(raw);
        let marks = pieces.and_then(|pieces| {
            let read = |piece: &&'a RawValue| {
                let text = piece.get_ron();
                mark::from_text(kind, text).map_err(|(at, message)| (shift(self.at(text), at), message))
            };
            pieces.iter().map(read).collect::<Result<Vec<_>, _>>()
        });
        match marks {
            Ok(marks) => {
                for mark in marks {
                    self.edit(Edit::SetMark(self.pipeline.free_mark(), Some(mark)), (1, 1));
                }
            }
            Err((at, message)) => {
                let message = format!("{field}: {message}. It has the form {}", kind.form());
                self.problems.push(Problem::of_document(message).at(at).warning());
                self.pipeline.keep_field(field, raw);
            }
        }
    }

    fn edit(&mut self, edit: Edit, at: Place) -> bool {
        match self.pipeline.apply(edit) {
            Ok(_) => true,
            Err(error) => {
                self.problems.push(Problem::of_document(error.0).at(at));
                false
            }
        }
    }

    fn node(&mut self, key: &'a str, value: &'a str) {
        let at = self.at(key);
        let name: String = match self.piece(key) {
            Ok(name) => name,
            Err((at, message)) => {
                self.problems.push(Problem::of_document(format!("the name of a node: {message}")).at(at));
                return;
            }
        };
        let mut wrong = Vec::new();
        if let Some(first) = self.places.get(&name) {
            let message = format!(
                "the name \"{name}\" is taken by the node in line {}; this one is opened as \"{}\"",
                first.0,
                self.pipeline.free_name(&name)
            );
            wrong.push(Problem::of_node(&name, message).at(at));
        }
        self.around(&name, at);
        let name = self.pipeline.free_name(&name);
        let mut instance = NodeInstance::new(&name, "", Params::new(), [0.0; 2]);
        self.places.insert(name.clone(), at);
        let fields = self.piece::<RawStruct>(value).unwrap_or_else(|(at, message)| {
            let message =
                format!("{message}. A node has the form (kind: \"…\", params: (…), position: (x, y))");
            wrong.push(Problem::of_node(&name, message).at(at));
            RawStruct(Vec::new())
        });
        if !fields.0.iter().any(|(field, _)| *field == "position") {
            self.unplaced.insert(name.clone());
        }
        let mut params = None;
        for (field, value) in fields.0 {
            let value = value.get_ron();
            let read = match field {
                "kind" => self.piece(value).map(|kind| instance.kind = kind),
                "position" => self.piece::<(f32, f32)>(value).map(|(x, y)| instance.position = [x, y]),
                "muted" => self.piece(value).map(|muted| instance.muted = muted),
                "bypassed" => self.piece(value).map(|bypassed| instance.bypassed = bypassed),
                "collapsed" => self.piece(value).map(|collapsed| instance.collapsed = collapsed),
                "params" => {
                    params = Some(value);
                    Ok(())
                }
                _ => {
                    let known = ["kind", "params", "position", "muted", "bypassed", "collapsed"];
                    let hint = nearest(field, known.into_iter())
                        .map(|near| format!("; did you mean \"{near}\"?"))
                        .unwrap_or_default();
                    Err((self.at(field), format!("a node has no field \"{field}\"{hint}")))
                }
            };
            if let Err((at, message)) = read {
                wrong.push(Problem::of_node(&name, message).field(field).at(at));
            }
        }
        if let Some(params) = params {
            self.params(&mut instance, params, &mut wrong);
        }
        self.problems.append(&mut wrong);
        if !self.edit(Edit::AddNode(instance), at) {
            self.places.remove(&name);
        }
    }

    fn params(&mut self, instance: &mut NodeInstance, raw: &str, wrong: &mut Vec<Problem>) {
        let Some(node) = self.registry.get(&instance.kind) else {
            instance.raw_params = Some(raw.to_owned());
            return;
        };
        let start = self.at(raw);
        if let Ok(fields) = ron_options().from_str::<RawStruct>(raw) {
            for (field, _) in fields.0 {
                let at = self.at(field);
                self.places.entry(format!("{}.{field}", instance.name)).or_insert(at);
            }
        }
        let read = read_params(&**node, raw);
        instance.params = read.params;
        if !read.whole {
            instance.raw_params = Some(raw.to_owned());
        }
        for ((line, col), problem) in read.problems {
            let at = shift(start, ron::error::Position { line, col });
            wrong.push(Problem::of_node(&instance.name, problem.message).field(&problem.field).at(at));
        }
    }

    fn wire(&mut self, raw: &'a str) {
        let at = self.at(raw);
        match self.piece::<(String, String)>(raw) {
            Err((at, message)) => {
                let message = format!("{message}. A wire has the form (\"node.port\", \"node.port\")");
                self.problems.push(Problem::of_document(message).at(at));
            }
            Ok((from, to)) => match self.pipeline.apply(Edit::Connect(from.clone(), to.clone())) {
                Ok(_) => {
                    // Problems of wires name the end they enter by; an end with several wires keeps the first.
                    self.places.entry(format!("{from} {to}")).or_insert(at);
                    self.places.entry(to).or_insert(at);
                    self.places.entry(from).or_insert(at);
                }
                Err(error) => {
                    let message = format!("the wire from {from} to {to} is left out: {error}");
                    self.problems.push(Problem::of_document(message).at(at));
                }
            },
        }
    }

    /// Lays nodes without a place out, below those of their level that have one.
    fn place(&mut self) {
        self.unplaced.retain(|name| self.pipeline.has(name));
        let levels: BTreeSet<String> =
            self.unplaced.iter().map(|name| group::level_of(name).to_owned()).collect();
        for level in levels {
            let unplaced: BTreeSet<String> =
                self.unplaced.iter().filter(|name| group::level_of(name) == level).cloned().collect();
            let drawn = self.pipeline.picture(self.registry, &level).pipeline;
            let placed =
                || drawn.nodes().filter(|node| !unplaced.contains(&node.name) && !is_way(&node.name));
            let least = |axis: usize| placed().map(|n| n.position[axis]).reduce(f32::min);
            let lowest = placed().map(|n| n.position[1]).reduce(f32::max);
            let corner = [least(0).unwrap_or(0.0), lowest.map_or(0.0, |y| y + ROOM_BELOW)];
            let moves = drawn.arrange(&unplaced, corner);
            // All of them are nodes and groups of the pipeline.
            let _ = self.pipeline.apply(Edit::Move(moves));
        }
    }

    fn finish(mut self) -> Opened {
        self.place();
        for mut problem in validate::validate(&self.pipeline, self.registry) {
            let same = |p: &Problem| p.node == problem.node && p.field == problem.field;
            let read_already = problem.node.as_ref().is_some_and(|node| {
                self.problems.iter().any(|p| same(p) && (p.message == problem.message || p.field.is_some()))
                    || self.pipeline.node(node).is_some_and(|n| n.raw_params.is_some() && n.kind.is_empty())
            });
            if read_already {
                continue;
            }
            let node = problem.node.clone().unwrap_or_default();
            let field = problem.field.clone().unwrap_or_default();
            problem.line =
                self.places.get(&format!("{node}.{field}")).or_else(|| self.places.get(&node)).copied();
            self.problems.push(problem);
        }
        self.problems.sort_by_key(|p| (p.line, std::cmp::Reverse(p.severity)));
        Opened { pipeline: self.pipeline, problems: self.problems }
    }
}
