//! Advice on the order of steps: each rule on a pipeline that breaks it, what its button does, and silence where
//! nothing is wrong.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use spikeloom::{
    data::Remedy,
    nodes::registry,
    pipeline::{Document, Edit, Executor, Limits, NodeInstance, Params, Pipeline, Problem, Severity, Store},
};
use std::path::Path;

/// A chain of nodes given by name, kind and parameters, wired from recording to recording.
fn chain(steps: &[(&str, &str, &str)]) -> Pipeline {
    let node = |(i, (name, kind, params)): (usize, &(&str, &str, &str))| {
        format!("\"{name}\": (kind: \"{kind}\", params: ({params}), position: ({}.0, 0.0))", i * 264)
    };
    let nodes: Vec<String> = steps.iter().enumerate().map(node).collect();
    let wire =
        |pair: &[(&str, &str, &str)]| format!("(\"{}.recording\", \"{}.recording\")", pair[0].0, pair[1].0);
    let wires: Vec<String> = steps.windows(2).map(wire).collect();
    let text = format!("(version: 1, nodes: {{{}}}, wires: [{}])", nodes.join(", "), wires.join(", "));
    let opened = Document::parse(&text, "test", &registry()).unwrap();
    assert!(opened.problems.is_empty(), "{:?}", opened.problems);
    opened.pipeline
}

fn advice(pipeline: &Pipeline, base: &Path) -> Vec<Problem> {
    let store = tempfile::tempdir().unwrap();
    let executor = Executor::new(registry(), Store::open(store.path()).unwrap(), Limits::default());
    executor.advise(pipeline, base)
}

fn is_silent(steps: &[(&str, &str, &str)]) {
    assert_eq!(advice(&chain(steps), Path::new("")), []);
}

/// The only advice on a pipeline.
fn only(pipeline: &Pipeline, base: &Path) -> Problem {
    let all = advice(pipeline, base);
    let [problem] = all.as_slice() else { panic!("{all:#?}") };
    assert!(problem.message.len() > 40 && !problem.message.ends_with('.'), "{}", problem.message);
    problem.clone()
}

/// Presses the button of that name: nothing is left to say, and undo brings back what was. The steps in order.
fn press(pipeline: &Pipeline, label: &str) -> Vec<String> {
    let problem = only(pipeline, Path::new(""));
    let mends = pipeline.mends(&registry(), &problem);
    let labels: Vec<&String> = mends.iter().map(|(label, _)| label).collect();
    let mend = mends.iter().find(|(other, _)| other == label);
    let (_, edit) = mend.unwrap_or_else(|| panic!("{label:?} is not among {labels:?}"));
    let mut mended = pipeline.clone();
    let undo = mended.apply(edit.clone()).unwrap();
    let left = advice(&mended, Path::new(""));
    assert!(left.is_empty(), "{left:#?}");
    let order = petgraph::algo::toposort(mended.graph(), None).unwrap();
    let names = order.into_iter().map(|i| mended.graph()[i].name.clone()).collect();
    mended.apply(undo).unwrap();
    assert_eq!(mended.wires(), pipeline.wires());
    names
}

const READ: (&str, &str, &str) = ("read", "generate_recording", "duration_s: 1.0");
const BAND: (&str, &str, &str) = ("band", "bandpass_filter", "");
const CMR: (&str, &str, &str) = ("cmr", "common_reference", "");
const WHITEN: (&str, &str, &str) = ("whiten", "whiten", "");
const BAD: (&str, &str, &str) = ("bad", "detect_bad_channels", "");
const PHASE: (&str, &str, &str) = ("phase", "phase_shift", "");
const SORT: (&str, &str, &str) = ("sort", "sort", "");
const PEAKS: (&str, &str, &str) = ("peaks", "detect_peaks", "");
const AGAIN: (&str, &str, &str) = ("again", "highpass_filter", "");

#[test]
fn the_order_of_the_guides_is_left_in_peace() {
    is_silent(&[READ, PHASE, BAND, BAD, CMR, SORT]);
    is_silent(&[READ, BAND, CMR, WHITEN, PEAKS]);
    is_silent(&[READ, BAND, CMR]);
    // What is bypassed or off does nothing.
    let mut twice = chain(&[READ, BAND, AGAIN, CMR]);
    let undo = twice.apply(Edit::SetBypassed("again".into(), true)).unwrap();
    assert_eq!(advice(&twice, Path::new("")), []);
    twice.apply(undo).unwrap();
    twice.apply(Edit::SetMuted("band".into(), true)).unwrap();
    assert_eq!(advice(&twice, Path::new("")), []);
}

#[test]
fn no_shipped_pipeline_raises_an_alarm_nor_does_an_unpacked_sort() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines");
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "ron") {
            continue;
        }
        let mut pipeline = Document::read(&path, &registry()).unwrap().pipeline;
        assert_eq!(advice(&pipeline, &folder), [], "{}", path.display());
        let sorts: Vec<String> =
            pipeline.nodes().filter(|n| n.kind == "sort").map(|n| n.name.clone()).collect();
        for sort in sorts {
            let (edit, _) = pipeline.unpack_edit(&registry(), &sort).unwrap();
            pipeline.apply(edit).unwrap();
        }
        assert_eq!(advice(&pipeline, &folder), [], "{} unpacked", path.display());
        count += 1;
    }
    assert!(count >= 6);
}

#[test]
fn a_second_filter_is_taken_out() {
    let pipeline = chain(&[READ, BAND, CMR, AGAIN, SORT]);
    let problem = only(&pipeline, Path::new(""));
    assert!(problem.message.starts_with("filters what \"band\" has filtered already"));
    assert_eq!((problem.node.as_deref(), problem.severity), (Some("again"), Severity::Warning));
    assert_eq!(press(&pipeline, "Remove again"), ["read", "band", "cmr", "sort"]);
}

#[test]
fn a_second_whitening_is_taken_out() {
    let pipeline = chain(&[READ, BAND, WHITEN, ("again", "whiten", ""), PEAKS]);
    assert_eq!(press(&pipeline, "Remove again"), ["read", "band", "whiten", "peaks"]);
}

#[test]
fn whitening_before_a_sort_that_whitens_is_taken_out() {
    let pipeline = chain(&[READ, BAND, CMR, WHITEN, SORT]);
    assert_eq!(only(&pipeline, Path::new("")).node.as_deref(), Some("sort"));
    assert_eq!(press(&pipeline, "Remove whiten"), ["read", "band", "cmr", "sort"]);
}

#[test]
fn bad_channels_go_before_the_reference() {
    let pipeline = chain(&[READ, BAND, CMR, BAD, SORT]);
    assert_eq!(only(&pipeline, Path::new("")).node.as_deref(), Some("bad"));
    assert_eq!(press(&pipeline, "Put it before cmr"), ["read", "band", "bad", "cmr", "sort"]);
    // Where nothing is done to them they may be looked for anywhere.
    is_silent(&[READ, BAND, CMR, ("bad", "detect_bad_channels", "action: none"), SORT]);
}

#[test]
fn a_phase_shift_goes_before_what_mixes_channels() {
    let pipeline = chain(&[READ, BAND, CMR, PHASE, SORT]);
    assert_eq!(press(&pipeline, "Put it before cmr"), ["read", "band", "phase", "cmr", "sort"]);
}

#[test]
fn filter_and_reference_go_before_whitening() {
    let pipeline = chain(&[READ, WHITEN, BAND, PEAKS]);
    assert_eq!(press(&pipeline, "Put it before whiten"), ["read", "band", "whiten", "peaks"]);
    let pipeline = chain(&[READ, BAND, WHITEN, CMR, PEAKS]);
    assert_eq!(press(&pipeline, "Put it before whiten"), ["read", "band", "cmr", "whiten", "peaks"]);
}

/// A raw file that is there, as parameters of the node that reads it, and the folder it lies in.
fn raw(more: &str) -> (String, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.raw");
    std::fs::write(&file, vec![1_u8; 2 * 32 * 3000]).unwrap();
    (format!("path: {file:?}, dtype: int16, num_channels: 32, {more}"), folder)
}

#[test]
fn a_corner_above_half_the_sampling_frequency_is_set_below_it() {
    let (params, _folder) = raw("sampling_frequency: 10000.0, probe: \"linear32\"");
    let slow = ("read", "read_recording", params.as_str());
    let pipeline = chain(&[slow, BAND, CMR]);
    let problem = only(&pipeline, Path::new(""));
    assert!(problem.message.contains("6000 Hz") && problem.message.contains("10000 Hz"));
    assert_eq!((problem.node.as_deref(), problem.field.as_deref()), (Some("band"), Some("freq_max")));
    press(&pipeline, "Set it to 4500 Hz");
    // Where the low corner would lie above the new one nothing is offered.
    let narrow = chain(&[slow, ("band", "bandpass_filter", "freq_min: 5000.0, freq_max: 7000.0"), CMR]);
    assert_eq!(only(&narrow, Path::new("")).mends, []);
}

#[test]
fn a_missing_probe_is_asked_for_where_it_can_be_given() {
    let (params, _folder) = raw("sampling_frequency: 30000.0");
    let read = ("read", "read_recording", params.as_str());
    // What is found by likeness; by itself another way is taken where there is no probe.
    let like = ("bad", "detect_bad_channels", "method: coherence_psd");
    is_silent(&[read, BAND, BAD, CMR]);
    let problem = only(&chain(&[read, BAND, like, CMR]), Path::new(""));
    assert_eq!((problem.node.as_deref(), problem.field.as_deref()), (Some("read"), Some("probe")));
    assert!(problem.message.contains("\"bad\" needs to know where the 32 contacts lie"), "{problem}");
    is_silent(&[read, BAND, ("bad", "detect_bad_channels", "method: std"), CMR]);
    // Two that need it ask for it once.
    assert_eq!(only(&chain(&[read, BAND, like, CMR, SORT]), Path::new("")).field.as_deref(), Some("probe"));
    assert_eq!(only(&chain(&[read, BAND, CMR, SORT]), Path::new("")).field.as_deref(), Some("probe"));
    // A sort of wires that lie apart needs none.
    is_silent(&[read, BAND, CMR, ("sort", "sort", "preset: single_wire")]);
}

#[test]
fn a_sort_of_what_is_not_filtered_gets_a_filter() {
    let (params, _folder) = raw("sampling_frequency: 30000.0, probe: \"linear32\"");
    let pipeline = chain(&[("read", "read_recording", params.as_str()), CMR, SORT]);
    assert!(only(&pipeline, Path::new("")).message.contains("put a band-pass filter before it"));
    assert_eq!(press(&pipeline, "Insert Band-pass filter"), ["read", "cmr", "bandpass_filter", "sort"]);
}

#[test]
fn a_step_that_leads_nowhere_is_a_note() {
    let mut pipeline = chain(&[READ, BAND, CMR, SORT]);
    let loose = NodeInstance::new("loose", "notch_filter", Params::new(), [0.0, 300.0]);
    pipeline.apply(Edit::AddNode(loose)).unwrap();
    pipeline.apply(Edit::Connect("band.recording".into(), "loose.recording".into())).unwrap();
    let problem = only(&pipeline, Path::new(""));
    assert_eq!((problem.node.as_deref(), problem.severity), (Some("loose"), Severity::Note));
    assert_eq!(press(&pipeline, "Remove loose").len(), 4);
}

#[test]
fn remedies_become_edits() {
    let registry = registry();
    let text = r#"(version: 1, nodes: {
        "read": (kind: "read_recording"), "band": (kind: "bandpass_filter", params: (freq_min: 7000.0)),
        "cmr": (kind: "common_reference"), "sort": (kind: "sort"),
    }, wires: [("read.recording", "band.recording"), ("band.recording", "cmr.recording"),
        ("cmr.recording", "sort.recording")])"#;
    let pipeline = Document::parse(text, "test", &registry).unwrap().pipeline;
    let mended = |node: &str, remedy: Remedy| {
        let problem = Problem::of_node(node, "wrong").mended_by(remedy);
        let mut mends = pipeline.mends(&registry, &problem);
        assert!(mends.len() < 2, "{mends:?}");
        mends.pop().map(|(label, edit)| {
            let mut mended = pipeline.clone();
            mended.apply(edit).unwrap();
            (label, mended)
        })
    };
    let (label, lower) = mended("sort", Remedy::Lower("detect_threshold".into())).unwrap();
    assert_eq!(label, "Lower “Detect threshold” to 4");
    assert_eq!(lower.node("sort").unwrap().params["detect_threshold"].as_f64(), Some(4.0));
    let (label, higher) = mended("band", Remedy::Raise("freq_min".into())).unwrap();
    assert_eq!(higher.node("band").unwrap().params["freq_min"].as_f64(), Some(8800.0), "{label}");
    let (label, reset) = mended("band", Remedy::Reset("freq_min".into())).unwrap();
    assert_eq!(label, "Set “Freq min” back to 150 Hz");
    assert!(reset.node("band").unwrap().params.is_empty());
    assert!(mended("band", Remedy::Reset("freq_max".into())).is_none(), "it is at its default");
    assert!(mended("band", Remedy::Lower("nothing".into())).is_none());
    let (label, without) = mended("cmr", Remedy::TakeOut).unwrap();
    assert_eq!((label.as_str(), without.wires().len()), ("Remove cmr", 2));
    let (_, filtered) = mended("sort", Remedy::Filter).unwrap();
    assert_eq!(filtered.wires().len(), 4);
    // Bad channels go into no reference.
    let (label, checked) = mended("sort", Remedy::FindBadChannels).unwrap();
    let wires = checked.wires();
    let before = wires.iter().find(|wire| wire.2 == "cmr").unwrap().0;
    assert_eq!(checked.node(before).unwrap().kind, "detect_bad_channels", "{label}");
    assert_eq!(pipeline.probe_source(&registry, "sort").unwrap().name, "read");
}

#[test]
fn what_is_most_like_a_node_is_offered_first_in_its_place() {
    let pipeline = chain(&[
        ("demo", "generate_recording", "duration_s: 1.0"),
        ("filter", "bandpass_filter", ""),
        ("reference", "common_reference", ""),
        ("sort", "sort", ""),
    ]);
    assert_eq!(pipeline.swaps(&registry(), "filter")[0], "highpass_filter");
}
