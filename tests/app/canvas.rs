//! Building on the canvas: wires, moves, copies, fields, and many nodes.

use crate::window::Window;
use egui::{Event, Key, Modifiers, Role, vec2};
use egui_kittest::kittest::Queryable;
use spikeloom::{app::command::Command, nodes};
use std::time::{Duration, Instant};

#[test]
fn a_wrong_wire_is_refused_and_says_why() {
    let mut window = Window::empty();
    for (x, words) in [(30.0, "generate recording"), (420.0, "band-pass")] {
        window.add_at(x, 60.0, words);
    }
    let from = window.center("Output generate_recording.truth");
    let to = window.center("Input bandpass_filter.recording");
    window.drag(from, to);
    window.steps(2);
    window.harness.get_by_label_contains("Sorting does not fit Recording");
    window.drop_at(to);
    assert!(window.wires().is_empty());
    // The right one is taken.
    let from = window.center("Output generate_recording.recording");
    window.drag(from, to);
    window.drop_at(to);
    assert_eq!(window.wires(), ["generate_recording.recording bandpass_filter.recording"]);
}

#[test]
fn a_move_is_one_step_to_undo_and_keys_do_what_the_sheet_says() {
    let mut window = Window::empty();
    window.add_at(100.0, 60.0, "band-pass");
    let before = window.pipeline().node("bandpass_filter").unwrap().position;
    let from = window.center("Node bandpass_filter");
    window.drag(from, from + vec2(120.0, 80.0));
    window.drop_at(from + vec2(120.0, 80.0));
    let after = window.pipeline().node("bandpass_filter").unwrap().position;
    assert_eq!([after[0] - before[0], after[1] - before[1]], [120.0, 80.0]);
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.pipeline().node("bandpass_filter").unwrap().position, before);
    window.key(Modifiers { shift: true, ..Modifiers::COMMAND }, Key::Z);
    assert_eq!(window.pipeline().node("bandpass_filter").unwrap().position, after);

    window.key(Modifiers::NONE, Key::ArrowRight);
    assert_eq!(window.pipeline().node("bandpass_filter").unwrap().position[0], after[0] + 4.0);
    window.key(Modifiers::NONE, Key::M);
    assert!(window.pipeline().node("bandpass_filter").unwrap().muted);
    window.key(Modifiers::COMMAND, Key::D);
    assert!(window.pipeline().node("bandpass_filter_2").is_some());
    window.key(Modifiers::COMMAND, Key::A);
    window.key(Modifiers::NONE, Key::Delete);
    assert_eq!(window.pipeline().nodes().count(), 0);
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.pipeline().nodes().count(), 2);
}

#[test]
fn a_copy_pasted_elsewhere_keeps_its_inner_wires() {
    let mut window = Window::empty();
    window.add_at(30.0, 60.0, "generate recording");
    window.pull("generate_recording.recording", window.canvas(310.0, 60.0), "band-pass");
    window.key(Modifiers::COMMAND, Key::A);
    window.harness.event(Event::Copy);
    window.steps(1);
    let copied = window.harness.output().platform_output.commands.iter().find_map(|command| match command {
        egui::OutputCommand::CopyText(text) => Some(text.clone()),
        _ => None,
    });
    window.harness.event(Event::Paste(copied.unwrap()));
    window.steps(3);
    assert_eq!(
        window.wires(),
        [
            "generate_recording.recording bandpass_filter.recording",
            "generate_recording_2.recording bandpass_filter_2.recording",
        ]
    );
}

#[test]
fn a_number_out_of_range_is_refused_with_what_is_accepted() {
    let mut window = Window::empty();
    window.add_at(100.0, 60.0, "band-pass");
    window.click("Node bandpass_filter");
    let label = nodes::registry().get("bandpass_filter").unwrap().specs()[0].label.clone();
    window.harness.get_by_role_and_label(Role::SpinButton, &label).click();
    window.steps(3);
    window.key(Modifiers::COMMAND, Key::A);
    window.harness.event(Event::Text("-5".into()));
    window.key(Modifiers::NONE, Key::Enter);
    window.harness.get_by_label_contains("too small: at least");
    assert!(window.pipeline().node("bandpass_filter").unwrap().params.is_empty());
}

#[test]
fn a_parameter_is_changed_on_the_node_and_a_drag_of_it_is_one_step() {
    let mut window = Window::empty();
    window.add_at(100.0, 60.0, "band-pass");
    let label = nodes::registry().get("bandpass_filter").unwrap().specs()[0].label.clone();
    let field = format!("{label} of bandpass_filter");
    let at = window.center(&field);
    window.drag(at, at + vec2(24.0, 0.0));
    window.drop_at(at + vec2(24.0, 0.0));
    let set = |window: &Window| window.pipeline().node("bandpass_filter").unwrap().params.clone();
    assert_eq!(set(&window).len(), 1, "{:?}", set(&window));
    window.key(Modifiers::COMMAND, Key::Z);
    assert!(set(&window).is_empty());
    // Typed with a unit; the inspector shows the same.
    window.type_number(&field, "0.2 kHz");
    assert_eq!(set(&window).values().next().and_then(|v| v.as_f64()), Some(200.0));
    let shown = window.harness.get_by_role_and_label(Role::SpinButton, &label);
    assert!(shown.value().is_some_and(|value| value.contains("200")));
}

/// 300 nodes in 20 rows, each row wired from left to right.
fn large_pipeline() -> String {
    let mut nodes = String::new();
    let mut wires = String::new();
    for row in 0..20 {
        for column in 0..15 {
            let (x, y) = (column * 260, row * 110);
            nodes +=
                &format!("\"n_{row}_{column}\": (kind: \"bandpass_filter\", position: ({x}.0, {y}.0)),\n");
            if column > 0 {
                let before = column - 1;
                wires += &format!("(\"n_{row}_{before}.recording\", \"n_{row}_{column}.recording\"),\n");
            }
        }
    }
    format!("(version: 1, nodes: {{{nodes}}}, wires: [{wires}])")
}

#[test]
fn three_hundred_nodes_are_drawn_within_a_frame() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("large.ron");
    std::fs::write(&file, large_pipeline()).unwrap();
    let mut window = Window::open(Some(&file));
    window.wait("the file is open", |app| app.path().is_some());
    window.wait("the states are known", |app| app.states().len() == 300);
    let measure = |window: &mut Window, what: &str| {
        let mut costs = Vec::new();
        for _ in 0..15 {
            let start = Instant::now();
            window.steps(1);
            let layout = start.elapsed();
            let output = window.harness.output();
            let (shapes, scale) = (output.shapes.clone(), output.pixels_per_point);
            let start = Instant::now();
            let meshes = window.harness.ctx.tessellate(shapes, scale);
            assert!(!meshes.is_empty());
            costs.push((layout, start.elapsed()));
        }
        costs.sort();
        let (layout, tessellation) = costs[costs.len() / 2];
        println!("{what}: layout {layout:.1?}, tessellation {tessellation:.1?}");
        layout + tessellation
    };
    let all = measure(&mut window, "300 nodes in view");
    window.app_mut().perform(Command::ActualSize);
    window.steps(3);
    let close = measure(&mut window, "at 100 %");
    // Three times a frame of 60 Hz: the machine that tests may be busy.
    assert!(all < Duration::from_millis(50), "{all:?} for all nodes");
    assert!(close < Duration::from_millis(50), "{close:?} at 100 %");
}

#[test]
fn what_explains_a_node_does_not_lie_over_a_question() {
    let mut window = Window::empty();
    window.add_at(30.0, 60.0, "band-pass");
    window.key(Modifiers::NONE, Key::Escape);
    let summary = spikeloom::nodes::registry().get("bandpass_filter").unwrap().info().summary;
    window.harness.hover_at(window.center("Node bandpass_filter"));
    window.steps(60);
    assert!(window.says(summary), "{:?}", window.words());
    window.app_mut().perform(Command::ShowCommands);
    window.steps(10);
    assert!(window.says("Search commands") && !window.says(summary));
}
