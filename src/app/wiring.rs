//! Does the wiring of a probe fit the traces? Asked in the background wherever a probe is given, told among the problems.

use super::{App, answer::Answer, backend, probe_panel::check_wiring, texts, wizard};
use crate::{
    data::Remedy,
    engine::channel_order::{OrderCheck, Verdict},
    io::probe::read_probe,
    pipeline::{Act, DynNode, Params, Problem, Severity},
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// A recording and the probe that it was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    kind: String,
    params: Params,
    folder: PathBuf,
}

/// What is known of wirings.
#[derive(Default)]
pub struct Wirings {
    /// Answers, the newest last.
    known: Vec<(Question, Told)>,
    /// A question is being answered.
    busy: bool,
}

/// What the traces said.
#[derive(Debug)]
pub enum Told {
    /// How the channels lie.
    Found(OrderCheck),
    /// Nothing that can be told; the files that were not there, which may come.
    Nothing(Vec<PathBuf>),
}

/// Answers that are kept.
const MAX_KNOWN: usize = 50;

impl Wirings {
    fn answer(&self, question: &Question) -> Option<&Told> {
        let (_, told) = self.known.iter().rfind(|(known, _)| known == question)?;
        match told {
            // A file that has come since is worth another look.
            Told::Nothing(missing) if missing.iter().any(|file| file.exists()) => None,
            told => Some(told),
        }
    }
}

impl App {
    /// Nodes of the pipeline in front that were given a probe, with what is to be asked of it.
    fn given_probes(&self) -> Vec<(String, Arc<dyn DynNode>, &'static str, Question)> {
        let of_node = |node: &crate::pipeline::NodeInstance| {
            let known = self.registry.get(&node.kind).filter(|_| !node.muted)?;
            let field = known.acts(&node.params).into_iter().find_map(|act| match act {
                Act::TakesProbe { field } => Some(field),
                _ => None,
            })?;
            node.params.get(field)?.as_str().filter(|probe| !probe.is_empty())?;
            let folder = self.sheet.editor.base_folder();
            let question = Question { kind: node.kind.clone(), params: node.params.clone(), folder };
            Some((node.name.clone(), known.clone(), field, question))
        };
        self.pipeline().nodes().filter_map(of_node).collect()
    }

    /// Asks of the first probe that nothing is known of yet; one at a time.
    pub(super) fn ask_for_wirings(&mut self) {
        // Once what is quickly said of this state of the pipeline is there.
        if self.wirings.busy || self.sheet.checked != Some(self.sheet.meaning) || self.sheet.stored.is_empty()
        {
            return;
        }
        let new = |(.., question): &(_, _, _, Question)| self.wirings.answer(question).is_none();
        let Some((_, known, field, question)) = self.given_probes().into_iter().find(new) else { return };
        self.wirings.busy = true;
        let send = self.backend.sender();
        backend::spawn("wiring", move || {
            let found = ask(&*known, field, &question).map_or_else(
                |_| {
                    let files = known.files(&question.params, &question.folder).into_iter();
                    let places = files.map(|file| question.folder.join(file));
                    // What cannot be read is told where it is read.
                    Told::Nothing(places.filter(|file| !file.exists()).collect())
                },
                Told::Found,
            );
            send(Answer::Wiring(question, found));
        });
    }

    /// Takes in what the traces say.
    pub(super) fn wiring_found(&mut self, question: Question, told: Told) {
        self.wirings.busy = false;
        let is_wrong = matches!(&told, Told::Found(check) if check.verdict == Verdict::Shuffled);
        self.wirings.known.push((question, told));
        if self.wirings.known.len() > MAX_KNOWN {
            self.wirings.known.remove(0);
        }
        if is_wrong {
            self.sheet.checked = None;
        }
    }

    /// Probes of the pipeline in front whose channels look shuffled, where this is its state.
    pub(super) fn shuffled(&self, meaning: u64) -> Vec<Problem> {
        if self.sheet.meaning != meaning {
            return Vec::new();
        }
        let told = self.given_probes().into_iter().filter_map(|(name, _, field, question)| {
            let Told::Found(check) = self.wirings.answer(&question)? else { return None };
            let [now, chance, best] = check.neighbors;
            let numbers = texts::probe::correlation_numbers(&now, &chance, &best);
            let message = texts::probe::wiring_shuffled(&numbers);
            let problem = Problem { severity: Severity::Warning, ..Problem::of_node(&name, message) };
            let problem = Problem { remedies: vec![Remedy::OrderChannels], ..problem.field(field) };
            (check.verdict == Verdict::Shuffled).then_some(problem)
        });
        told.collect()
    }
}

fn ask(known: &dyn DynNode, field: &str, question: &Question) -> Result<OrderCheck, String> {
    let mut params = question.params.clone();
    let source = params.shift_remove(field).and_then(|probe| probe.as_str().map(str::to_owned));
    let source = source.unwrap_or_default();
    let file = question.folder.join(Path::new(&source));
    let source = if file.is_file() { file.to_string_lossy().into_owned() } else { source };
    let probe = read_probe(&source).map_err(|error| error.to_string())?;
    let recording = wizard::open_with(known, &params, question.folder.clone())?;
    check_wiring(&recording, &probe)
}
