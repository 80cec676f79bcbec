//! The import of a raw file: traces while its layout is tried, what the bytes say of it, and the reader at the end.

mod finish;
mod form;
mod notice;

use super::{
    App,
    answer::Purpose,
    browser::Mode,
    command::Command,
    files::{self, Fitting},
    theme,
    views::Viewer,
};
use crate::{
    app::texts,
    data::Recording,
    engine::layout::{Finding, RawLayout, findings},
    inspect::{Lane, ProbeBeside, RawFile, Wake, raw_file},
    io::probe::{OnShelf, own_probes},
    pipeline::{DynNode, Inputs, Output, Params, RunContext, Value},
};
use egui::Ui;
use serde_json::json;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Kind of the node that reads files.
pub const READER: &str = "read_recording";
/// The node that reads a study.
pub const STUDY: &str = "read_study";
/// Taken where nothing tells the sampling frequency.
const USUAL_RATE_HZ: f64 = 30_000.0;

/// Where an import begins.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// A file that was dropped or opened.
    File(PathBuf),
    /// A node that reads a file already.
    Node(String),
    /// A node that reads a study whose files lie as this one does.
    Study(String, PathBuf),
}

/// A recording as it is tried.
struct Tried {
    recording: Recording,
    findings: Result<Vec<Finding>, String>,
    fitting: Fitting,
}

/// The import while it is open.
pub struct Wizard {
    source: Source,
    /// The reader in whose place the file can be read.
    reader_before: Option<String>,
    path: PathBuf,
    base_folder: PathBuf,
    /// Parameters of the reader as they are now.
    params: Params,
    reader: Arc<dyn DynNode>,
    file_lane: Lane<Result<RawFile, String>>,
    file: Option<Result<RawFile, String>>,
    tried_lane: Lane<Result<Box<Tried>, String>>,
    tried: Option<Result<Box<Tried>, String>>,
    /// What was tried last.
    asked: Option<Params>,
    viewer: Viewer,
    /// Channels to leave out after the reader, by index.
    left_out: BTreeSet<usize>,
    /// Offsets are to be removed after the reader.
    remove_dc: bool,
    /// All suggestions are shown, not the first ones alone.
    shows_all: bool,
    /// Where the reader goes.
    place: [f32; 2],
    /// The pipeline is empty: the steps that fit follow.
    is_first: bool,
    /// The sampling frequency was neither found nor typed.
    rate_is_guessed: bool,
    /// A probe is to be chosen from a file.
    wants_probe_file: bool,
    /// The user's own probes, once they are read.
    own_lane: Lane<Vec<OnShelf>>,
    own_probes: Vec<OnShelf>,
    /// What is searched among the probes of as many contacts.
    probe_search: String,
    /// The files of the folder that was opened, where there are several.
    streams: Vec<PathBuf>,
}

/// How an import ends.
enum End {
    Cancel,
    Finish,
    /// In the place of the reader that is there.
    Exchange,
    /// As the first button does, and all of it runs.
    Run,
    /// Another file of the folder is imported instead.
    Stream(PathBuf),
}

impl Wizard {
    fn new(
        ctx: &egui::Context,
        reader: Arc<dyn DynNode>,
        source: Source,
        path: PathBuf,
        params: Params,
    ) -> Self {
        let ctx_to_wake = ctx.clone();
        let wake: Wake = Arc::new(move || ctx_to_wake.request_repaint());
        let wizard = Self {
            source,
            reader_before: None,
            base_folder: PathBuf::new(),
            params,
            reader,
            file_lane: Lane::alone(wake.clone()),
            file: None,
            tried_lane: Lane::alone(wake.clone()),
            tried: None,
            asked: None,
            viewer: Viewer::without_executor(ctx),
            left_out: BTreeSet::new(),
            remove_dc: false,
            shows_all: false,
            place: [0.0; 2],
            is_first: false,
            rate_is_guessed: false,
            wants_probe_file: false,
            own_lane: Lane::alone(wake),
            own_probes: Vec::new(),
            probe_search: String::new(),
            streams: Vec::new(),
            path,
        };
        let path = wizard.path.clone();
        wizard.file_lane.request(move |ticket| ticket.send(raw_file(&path)));
        wizard
    }

    /// True while something is found out.
    pub fn busy(&self) -> bool {
        let is_to_ask = self.asked.as_ref() != Some(&self.params);
        is_to_ask
            || self.file_lane.busy()
            || self.own_lane.busy()
            || self.tried_lane.busy()
            || self.viewer.busy()
    }

    fn set(&mut self, field: &str, value: serde_json::Value) {
        let default = self.reader.specs().iter().find(|spec| spec.name == field).map(|spec| &spec.default);
        if default == Some(&value) {
            self.params.shift_remove(field);
        } else {
            self.params.insert(field.to_owned(), value);
        }
    }

    /// Takes a layout; what was chosen about channels of another one is forgotten.
    fn take(&mut self, layout: &RawLayout) {
        self.set("dtype", json!(layout.dtype.name()));
        self.set("byte_order", json!(if layout.big_endian { "big" } else { "little" }));
        self.set("num_channels", json!(layout.num_channels));
        self.set("file_offset", json!(layout.file_offset));
        self.set("time_axis", json!(layout.time_axis));
        self.left_out.clear();
        self.remove_dc = false;
    }

    fn is_taken(&self, layout: &RawLayout) -> bool {
        let number = |field: &str| self.params.get(field).and_then(serde_json::Value::as_u64).unwrap_or(0);
        let word = |field: &str| self.params.get(field).and_then(serde_json::Value::as_str);
        word("dtype") == Some(layout.dtype.name())
            && (word("byte_order") == Some("big")) == layout.big_endian
            && number("num_channels") == layout.num_channels as u64
            && number("file_offset") == layout.file_offset
            && number("time_axis") == u64::from(layout.time_axis)
    }

    fn receive(&mut self) {
        if let Some(file) = self.file_lane.take() {
            if let Ok(found) = &file {
                self.guess(found);
            }
            self.file = Some(file);
        }
        if let Some(probes) = self.own_lane.take() {
            self.own_probes = probes;
        }
        if let Some(tried) = self.tried_lane.take() {
            if let Ok(tried) = &tried {
                self.viewer.show_value(
                    "file.recording",
                    Value::Recording(tried.recording.clone()),
                    Vec::new(),
                );
            }
            self.tried = Some(tried);
        }
        self.ask();
    }

    /// Fills in what the bytes say, where nothing is said yet.
    fn guess(&mut self, file: &RawFile) {
        let untouched = !self.params.contains_key("dtype") && !self.params.contains_key("num_channels");
        // The layout of the file before is the first guess for this one.
        let is_like_before =
            self.reader_before.is_some() && file.suggestions.iter().any(|s| self.is_taken(&s.layout));
        let is_unlike = self.reader_before.is_some() && !is_like_before;
        if let Some(best) = file.suggestions.first().filter(|_| untouched || is_unlike) {
            self.take(&best.layout);
            for of_another in ["probe", "gain_to_uv", "offset_to_uv", "sampling_frequency"] {
                self.params.shift_remove(of_another);
            }
        }
        self.guess_probe(file);
        let is_new = self.reader_before.is_some() || !self.params.contains_key("gain_to_uv");
        if let Some(gain) = file.gain_to_uv.filter(|_| is_new) {
            self.set("gain_to_uv", json!(gain));
        }
        if let (Some((rate, _)), true) = (&file.rate, self.reader_before.is_some()) {
            self.set("sampling_frequency", json!(*rate));
        }
        if !self.params.contains_key("sampling_frequency") {
            self.rate_is_guessed = file.rate.is_none();
            let rate = file.rate.as_ref().map_or(USUAL_RATE_HZ, |(rate, _)| *rate);
            self.set("sampling_frequency", json!(rate));
        }
    }

    /// Takes the probe that lies beside the file, where it is that of it and fits.
    fn guess_probe(&mut self, file: &RawFile) {
        let channels = self.params.get("num_channels").and_then(serde_json::Value::as_u64).unwrap_or(0);
        let own = file.probes.first().filter(|probe| probe.is_its_own && probe.fits(channels as usize));
        // One that is called as the file is goes before that of the file before.
        let is_free = |probe: &&ProbeBeside| {
            !self.params.contains_key("probe") || (self.reader_before.is_some() && probe.is_called_alike)
        };
        if let Some(probe) = own.filter(is_free) {
            self.set("probe", json!(probe.path.to_string_lossy()));
        }
    }

    /// Takes a probe from a file, whose columns are those of the recording where it says none.
    pub fn take_probe_file(&mut self, path: &Path) {
        self.set("probe", json!(path.to_string_lossy()));
    }

    /// Opens the file as it is described now.
    fn ask(&mut self) {
        if self.file.is_none() || self.asked.as_ref() == Some(&self.params) {
            return;
        }
        self.asked = Some(self.params.clone());
        let (reader, mut params, path) = (self.reader.clone(), self.params.clone(), self.path.clone());
        params.insert("path".to_owned(), json!(path.to_string_lossy()));
        let base_folder = self.base_folder.clone();
        self.tried_lane.request(move |ticket| ticket.send(try_out(&*reader, &params, base_folder)));
    }
}

/// The recording that a reader gives with these parameters, of several the first that can be read.
pub fn open_with(reader: &dyn DynNode, params: &Params, base_folder: PathBuf) -> Result<Recording, String> {
    let context = RunContext { base_folder, ..RunContext::silent(0) };
    let outputs = reader.run(params, &Inputs::default(), &context).map_err(|error| error.to_string())?;
    let recording = outputs.0.into_values().find_map(|output| match output {
        Output::One(Value::Recording(recording)) => Some(recording),
        Output::Own(items) => items.into_iter().find_map(|item| match item.value {
            Ok(Value::Recording(recording)) => Some(recording),
            _ => None,
        }),
        _ => None,
    });
    recording.ok_or_else(|| texts::import::no_recording_leaves_the_reader().to_owned())
}

/// Opens a file with parameters of its reader, and looks at what comes.
fn try_out(reader: &dyn DynNode, params: &Params, base_folder: PathBuf) -> Result<Box<Tried>, String> {
    let recording = open_with(reader, params, base_folder)?;
    let findings = findings(&recording).map_err(|error| error.to_string());
    let fitting = files::fitting(recording.info());
    Ok(Box::new(Tried { recording, findings, fitting }))
}

impl App {
    /// Begins an import; one that goes on is left for it.
    pub(super) fn import(&mut self, source: Source) {
        if let Source::Node(name) = &source
            && let Some(instance) = self.pipeline().node(name).filter(|node| node.kind == STUDY)
        {
            // Which files it has is asked first.
            let (folder, params) = (self.sheet.editor.base_folder(), instance.params.clone());
            return self.backend.first_of_study(name.clone(), params, folder);
        }
        let Some(reader) = self.registry.get(READER).cloned() else { return };
        let before = self.only_reader(&[READER]).filter(|_| matches!(source, Source::File(_)));
        let (path, params) = match &source {
            Source::File(path) => {
                let known = before.as_ref().and_then(|name| self.pipeline().node(name));
                let mut params = known.map(|node| node.params.clone()).unwrap_or_default();
                if params.contains_key("dtype") {
                    params.shift_remove("path");
                } else {
                    params.clear();
                }
                (std::path::absolute(path).unwrap_or_else(|_unknown| path.clone()), params)
            }
            Source::Node(name) => {
                let Some(instance) = self.sheet.editor.pipeline().node(name) else { return };
                let path = instance.params.get("path").and_then(|path| path.as_str()).unwrap_or_default();
                (self.sheet.editor.base_folder().join(Path::new(path)), instance.params.clone())
            }
            Source::Study(name, first) => {
                let Some(instance) = self.pipeline().node(name) else { return };
                let mut params = instance.params.clone();
                params.retain(|field, _| {
                    field != "path" && reader.specs().iter().any(|spec| spec.name == *field)
                });
                (first.clone(), params)
            }
        };
        let mut wizard = Wizard::new(&self.ctx, reader, source, path, params);
        wizard.base_folder = self.sheet.editor.base_folder();
        wizard.reader_before = before;
        wizard.place = self.landing();
        wizard.is_first = self.sheet.is_empty();
        let folder = self.library_folder.join("probes");
        wizard.own_lane.request(move |ticket| ticket.send(own_probes(&folder)));
        self.wizard = Some(Box::new(wizard));
    }

    /// Begins the import of the first of some files that lie together; the others can be chosen in it.
    pub(super) fn import_streams(&mut self, streams: Vec<PathBuf>) {
        let Some(first) = streams.first().cloned() else { return };
        self.import(Source::File(first));
        if let Some(wizard) = &mut self.wizard {
            wizard.streams = streams;
        }
    }

    /// True while a raw file is imported.
    pub fn imports(&self) -> bool {
        self.wizard.is_some()
    }

    /// Draws the import in place of the panels.
    pub(super) fn wizard_ui(&mut self, ui: &mut Ui) -> Vec<Command> {
        let Some(mut wizard) = self.wizard.take() else { return Vec::new() };
        wizard.receive();
        let p = theme::palette(ui.visuals());
        let mut end = None;
        let frame = egui::Frame::NONE.fill(p.panel).inner_margin(12);
        egui::Panel::left("import").exact_size(400.0).frame(frame).show(ui, |ui| {
            end = wizard.form_ui(ui);
        });
        egui::CentralPanel::no_frame().show(ui, |ui| {
            egui::Frame::NONE.fill(p.panel).show(ui, |ui| {
                ui.set_min_size(ui.available_size());
                wizard.traces_ui(ui);
            });
        });
        match end {
            Some(End::Finish) => self.finish_import(&wizard, None),
            Some(End::Exchange) => self.finish_import(&wizard, wizard.reader_before.as_deref()),
            Some(End::Run) => {
                self.finish_import(&wizard, wizard.reader_before.as_deref());
                return vec![Command::Run { until: None }];
            }
            Some(End::Cancel) => {}
            Some(End::Stream(path)) => {
                self.import(Source::File(path));
                if let Some(new) = &mut self.wizard {
                    new.streams = wizard.streams;
                }
            }
            None => {
                let wants_file = std::mem::take(&mut wizard.wants_probe_file);
                let folder = wizard.path.parent().map(Path::to_owned).unwrap_or_default();
                self.wizard = Some(wizard);
                if wants_file {
                    self.browse_in(Purpose::Probe, Mode::Open, folder, String::new());
                }
            }
        }
        Vec::new()
    }
}
