//! Our own CPU time for a frame of the views, layout and tessellation together, printed in ms.
//!
//! `cargo bench --bench views`: 1920 × 700 points, 384 channels and 300 units, idle, moved, and while a sort
//! takes all cores; a canvas of 300 nodes (alone after `-- canvas`), the matrix of a study of 10,000 recordings (`-- study`);
//! and how soon the first traces of a file of 100 GB are there.

fn main() {
    #[cfg(feature = "gui")]
    gui::main();
}

#[cfg(feature = "gui")]
mod gui {
    use egui::{Context, Event, MouseWheelUnit, Pos2, RawInput, Rect, TouchPhase, Vec2, pos2, vec2};
    use spikeloom::{
        app::{App, Setup, command::Command, theme, views::Viewer},
        data::{DType, Id, Probe, Recording, RecordingInfo, Sorting, Source, SourceError},
        io::{OpenOptions, open_recording},
        nodes::registry,
        pipeline::{Document, Executor, Limits, RunHandle, RunOptions, Store, Value},
    };
    use std::{
        path::PathBuf,
        sync::Arc,
        time::{Duration, Instant},
    };

    const SIZE: egui::Vec2 = vec2(1920.0, 700.0);

    #[derive(Debug)]
    struct Noise(RecordingInfo);

    impl Source for Noise {
        fn info(&self) -> &RecordingInfo {
            &self.0
        }
        fn read(&self, _: usize, start: usize, out: &mut [f32]) -> Result<(), SourceError> {
            let n = self.0.num_channels();
            for (i, value) in out.iter_mut().enumerate() {
                let mixed = ((start * n + i) as u32).wrapping_mul(2_654_435_761);
                *value = ((mixed ^ (mixed >> 15)).wrapping_mul(2_246_822_519) >> 24) as f32 - 128.0;
            }
            Ok(())
        }
    }

    fn recording(num_channels: usize) -> Recording {
        let mut info = RecordingInfo::new(30_000.0, num_channels, 30_000 * 60, DType::Int16);
        let places: Vec<[f64; 2]> =
            (0..num_channels).map(|c| [(c % 2) as f64 * 32.0, (c / 2) as f64 * 20.0]).collect();
        info.probe = Some(Arc::new(Probe::from_positions(&places)));
        Recording::new(Arc::new(Noise(info)))
    }

    fn sorting() -> Sorting {
        let frames: Vec<i64> = (0..180_000).map(|i| i * 10).collect();
        let units: Vec<u32> = (0..180_000u32).map(|i| i.wrapping_mul(2_654_435_761) % 300).collect();
        let mut sorting = Sorting::from_spikes(30_000.0, Id::range(300), &frames, &units);
        sorting.segments[0].num_frames = Some(30_000 * 60);
        sorting.segments[0].amplitude = Some(units.iter().map(|&u| -(u as f32)).collect());
        sorting.segments[0].location_um =
            Some(units.iter().map(|&u| [16.0, u as f32 * 12.0]).collect::<Vec<_>>().into());
        sorting
    }

    /// Milliseconds of layout and of tessellation of one frame.
    fn frame(ctx: &Context, time: f64, events: Vec<Event>, draw: impl FnMut(&mut egui::Ui)) -> [f64; 2] {
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(pos2(0.0, 0.0), SIZE)),
            time: Some(time),
            events,
            max_texture_side: Some(8192),
            ..RawInput::default()
        };
        let start = Instant::now();
        let output = ctx.run_ui(input, draw);
        let layout = start.elapsed();
        let start = Instant::now();
        let triangles = ctx.tessellate(output.shapes, output.pixels_per_point);
        let tessellation = start.elapsed();
        std::hint::black_box(triangles);
        [layout, tessellation].map(|t| t.as_secs_f64() * 1e3)
    }

    /// Prints the median and what 95 of 100 frames stay below.
    fn report(name: &str, mut frames: Vec<[f64; 2]>) {
        frames.sort_by(|a, b| (a[0] + a[1]).total_cmp(&(b[0] + b[1])));
        let [layout, tessellation] = frames[frames.len() / 2];
        let slow = frames[frames.len() * 95 / 100];
        println!(
            "{name:<44} median {layout:5.2} + {tessellation:5.2} ms   95 % {:5.2} ms",
            slow[0] + slow[1]
        );
    }

    struct Screen {
        ctx: Context,
        viewer: Viewer,
        time: f64,
    }

    impl Screen {
        fn new() -> Self {
            let ctx = Context::default();
            theme::install(&ctx);
            let viewer = Viewer::without_executor(&ctx);
            Self { ctx, viewer, time: 0.0 }
        }

        /// One frame; milliseconds of layout and of tessellation.
        fn frame(&mut self, events: Vec<Event>) -> [f64; 2] {
            self.time += 1.0 / 60.0;
            let viewer = &mut self.viewer;
            frame(&self.ctx, self.time, events, |ui| viewer.ui(ui))
        }

        fn settle(&mut self) {
            let mut quiet = 0;
            while quiet < 5 {
                self.frame(Vec::new());
                quiet = if self.viewer.busy() { 0 } else { quiet + 1 };
                std::thread::sleep(Duration::from_millis(2));
            }
        }

        fn measure(&mut self, name: &str, mut events: impl FnMut(usize) -> Vec<Event>) {
            report(name, (0..200).map(|i| self.frame(events(i))).collect());
        }
    }

    fn drag(i: usize) -> Vec<Event> {
        let at = pos2(900.0 + (i % 100) as f32 * 2.0, 400.0);
        let mut events = vec![Event::PointerMoved(at)];
        if i == 0 {
            events.push(Event::PointerButton {
                pos: at,
                button: egui::PointerButton::Primary,
                pressed: true,
                modifiers: egui::Modifiers::NONE,
            });
        }
        events
    }

    /// The wheel turned at a place.
    fn wheel(at: Pos2, unit: MouseWheelUnit, delta: Vec2) -> Vec<Event> {
        let (phase, modifiers) = (TouchPhase::Move, egui::Modifiers::NONE);
        let source = egui::MouseWheelSource::Wheel;
        vec![Event::PointerMoved(at), Event::MouseWheel { unit, delta, phase, modifiers, source }]
    }

    fn zoom(i: usize) -> Vec<Event> {
        let lines = if i % 40 < 20 { -0.5 } else { 0.5 };
        wheel(pos2(900.0, 400.0), MouseWheelUnit::Line, vec2(0.0, lines))
    }

    /// A sort of ten minutes on 32 channels that goes on for as long as the answer lives.
    struct Sort {
        run: RunHandle,
        _folder: tempfile::TempDir,
    }

    impl Sort {
        fn start() -> Self {
            let text = r#"(version: 1, nodes: {
                "demo": (kind: "generate_recording", params: (duration_s: 600.0)),
                "bandpass": (kind: "bandpass_filter"),
                "sort": (kind: "sort"),
            }, wires: [("demo.recording", "bandpass.recording"), ("bandpass.recording", "sort.recording")])"#;
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("sort.ron");
            std::fs::write(&path, text).expect("a written pipeline");
            let pipeline = Document::read(&path, &registry()).expect("a pipeline").pipeline;
            let store = Store::open(&folder.path().join("store")).expect("a store");
            let executor = Executor::new(registry(), store, Limits::default());
            Self { run: executor.start(&pipeline, RunOptions::default()), _folder: folder }
        }

        /// What the viewer hears of it since the last frame.
        fn tell(&self, viewer: &mut Viewer) {
            for event in self.run.events.try_iter() {
                viewer.on_event(&event);
            }
        }
    }

    impl Drop for Sort {
        fn drop(&mut self) {
            self.run.cancel();
            while self.run.events.recv().is_ok() {}
        }
    }

    fn while_sorting() {
        let sort = Sort::start();
        for (channels, what) in
            [(384, "traces, 384 channels, while a sort runs"), (0, "units, 300, while a sort runs")]
        {
            let mut screen = Screen::new();
            match channels {
                0 => screen.viewer.show_value("sort.sorting", sorting().into(), Vec::new()),
                _ => {
                    let spikes = vec![("sort.sorting".to_owned(), Value::from(sorting()))];
                    screen.viewer.show_value("read.recording", recording(channels).into(), spikes);
                }
            }
            screen.settle();
            screen.measure(&format!("{what}, idle"), |_| Vec::new());
            screen.measure(&format!("{what}, dragged"), drag);
        }
        let mut screen = Screen::new();
        screen.viewer.show_end(&Default::default(), std::path::Path::new(""), "sort.sorting");
        let start = Instant::now();
        let mut frames: Vec<[f64; 2]> = Vec::new();
        while start.elapsed() < Duration::from_secs(4) {
            sort.tell(&mut screen.viewer);
            frames.push(screen.frame(Vec::new()));
            std::thread::sleep(Duration::from_millis(16));
        }
        report("live view of a sort", frames);
    }

    /// The whole window over a canvas of 300 nodes: idle, panned, and while its sort runs.
    fn canvas() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut nodes =
            vec![r#""demo": (kind: "generate_recording", params: (duration_s: 600.0))"#.to_owned()];
        let mut wires = Vec::new();
        for i in 1..299 {
            let position = format!("({:.1}, {:.1})", 240.0 * f64::from(i % 20), 160.0 * f64::from(i / 20));
            nodes.push(format!(r#""band{i}": (kind: "bandpass_filter", position: {position})"#));
            let before = if i == 1 { "demo".to_owned() } else { format!("band{}", i - 1) };
            wires.push(format!(r#"("{before}.recording", "band{i}.recording")"#));
        }
        nodes.push(r#""sort": (kind: "sort", position: (0.0, 2500.0))"#.to_owned());
        wires.push(r#"("demo.recording", "sort.recording")"#.to_owned());
        let path = folder.path().join("many.ron");
        let text = format!("(version: 1, nodes: {{{}}}, wires: [{}])", nodes.join(", "), wires.join(", "));
        std::fs::write(&path, text).expect("a written pipeline");
        let ctx = Context::default();
        let mut app = window(&ctx, folder.path(), path);
        let mut time = 0.0;
        let mut next = |app: &mut App, events: Vec<Event>| {
            time += 1.0 / 60.0;
            frame(&ctx, time, events, |ui| app.frame(ui))
        };
        while app.states().len() < 300 {
            next(&mut app, Vec::new());
            std::thread::sleep(Duration::from_millis(5));
        }
        // What is still computed for the viewer comes to rest.
        for _ in 0..100 {
            next(&mut app, Vec::new());
            std::thread::sleep(Duration::from_millis(10));
        }
        report("canvas, 300 nodes, all in view", (0..200).map(|_| next(&mut app, Vec::new())).collect());
        let pan = |i: usize| {
            let points = if i % 40 < 20 { 6.0 } else { -6.0 };
            wheel(pos2(900.0, 200.0), MouseWheelUnit::Point, vec2(points, 0.0))
        };
        report("canvas, 300 nodes, panned", (0..200).map(|i| next(&mut app, pan(i))).collect());
        app.perform(Command::ActualSize);
        report("canvas, 300 nodes, at 100 %", (0..200).map(|_| next(&mut app, Vec::new())).collect());
        report("canvas, 300 nodes, at 100 %, panned", (0..200).map(|i| next(&mut app, pan(i))).collect());
        app.perform(Command::ToggleAllPreviews);
        // Drawings come from a thread.
        for _ in 0..300 {
            next(&mut app, Vec::new());
            std::thread::sleep(Duration::from_millis(10));
        }
        report(
            "canvas, 300 nodes, at 100 %, with previews",
            (0..200).map(|_| next(&mut app, Vec::new())).collect(),
        );
        app.perform(Command::ToggleAllPreviews);
        app.perform(Command::Fit { selection: false });
        next(&mut app, Vec::new());
        app.perform(Command::SelectAll);
        app.perform(Command::Group);
        let group = app.pipeline().groups().next().map_or(String::new(), |(name, _)| name.to_owned());
        app.perform(Command::Enter(group));
        for _ in 0..20 {
            next(&mut app, Vec::new());
        }
        report(
            "canvas, 300 nodes in a group, all in view",
            (0..200).map(|_| next(&mut app, Vec::new())).collect(),
        );
        app.perform(Command::Undo);
        app.perform(Command::Run { until: None });
        let mut frames = Vec::new();
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(8) {
            let one = next(&mut app, Vec::new());
            if app.is_running() {
                frames.push(one);
            }
            std::thread::sleep(Duration::from_millis(16));
        }
        report("canvas, 300 nodes, while a sort runs", frames);
        app.perform(Command::Stop);
        while app.is_running() {
            next(&mut app, Vec::new());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// A window over a pipeline in a folder of its own.
    fn window(ctx: &Context, folder: &std::path::Path, file: PathBuf) -> App {
        let setup = Setup {
            registry: registry(),
            store_folder: folder.join("store"),
            limits: Limits::default(),
            state_folder: folder.join("state"),
            library_folder: folder.join("library"),
            run_settings: Ok(spikeloom::pipeline::RunSettings::default()),
            settings_file: Some(folder.join("settings.ron")),
            access: spikeloom::app::Access::usual(),
            file: Some(file),
        };
        App::new(ctx, setup, None)
    }

    /// The matrix of a study of 10,000 recordings at 5 nodes: idle and scrolled.
    fn study() {
        const TEXT: &str = include_str!("study.ron");
        let folder = tempfile::tempdir().expect("a folder");
        for session in 0..100 {
            let place = folder.path().join(format!("data/s{session}"));
            std::fs::create_dir_all(&place).expect("a folder");
            for index in 0..100 {
                let samples: Vec<u8> = (0..200).map(|i| (i * (index + 100 * session + 1)) as u8).collect();
                std::fs::write(place.join(format!("rec_{index}.bin")), samples).expect("a file");
            }
        }
        let path = folder.path().join("study.ron");
        std::fs::write(&path, TEXT).expect("a written pipeline");
        let ctx = Context::default();
        let mut app = window(&ctx, folder.path(), path);
        let mut time = 0.0;
        let mut next = |app: &mut App, events: Vec<Event>| {
            time += 1.0 / 60.0;
            frame(&ctx, time, events, |ui| app.frame(ui))
        };
        while app.pipeline().node("study").is_none() {
            next(&mut app, Vec::new());
            std::thread::sleep(Duration::from_millis(5));
        }
        app.perform(Command::ShowStudy);
        let start = Instant::now();
        let mut frames = Vec::new();
        next(&mut app, Vec::new());
        while app.is_reading_study() || start.elapsed() < Duration::from_secs(2) {
            frames.push(next(&mut app, Vec::new()));
            std::thread::sleep(Duration::from_millis(5));
        }
        report("study, 10,000 x 5, while it is read", frames);
        report("study, 10,000 x 5", (0..200).map(|_| next(&mut app, Vec::new())).collect());
        let scroll = |i: usize| {
            let points = if i % 100 < 80 { -400.0 } else { 400.0 };
            wheel(pos2(900.0, 600.0), MouseWheelUnit::Point, vec2(0.0, points))
        };
        report("study, 10,000 x 5, scrolled", (0..200).map(|i| next(&mut app, scroll(i))).collect());
        app.perform(Command::Run { until: None });
        let mut frames = Vec::new();
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(30) {
            let one = next(&mut app, Vec::new());
            if app.is_running() {
                frames.push(one);
            } else if !frames.is_empty() {
                break;
            }
            std::thread::sleep(Duration::from_millis(8));
        }
        report("study, 10,000 x 5, while it runs", frames);
        app.perform(Command::Stop);
        while app.is_running() {
            next(&mut app, Vec::new());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// From opening a sparse file of 100 GB to its complete picture, at its start and in its middle.
    fn huge_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("huge.raw");
        let file = std::fs::File::create(&path).expect("a file");
        file.set_len(384 * 2 * 130_208_333).expect("a sparse file of 100 GB");
        let options = OpenOptions {
            dtype: Some(DType::Int16),
            num_channels: Some(384),
            sampling_frequency: Some(30_000.0),
            ..OpenOptions::default()
        };
        let mut screen = Screen::new();
        let start = Instant::now();
        let recording = open_recording(&path, &options).expect("a recording");
        screen.viewer.show_value("read.recording", recording.into(), Vec::new());
        screen.settle();
        println!("100 GB, first traces: complete after {:.0} ms", start.elapsed().as_secs_f64() * 1e3);
        let start = Instant::now();
        screen.viewer.go_to(0, 2_000.0);
        screen.frame(Vec::new());
        screen.settle();
        println!("100 GB, after 2 000 s: complete after {:.0} ms", start.elapsed().as_secs_f64() * 1e3);
    }

    pub fn main() {
        let asked = |name: &str| std::env::args().any(|argument| argument == name);
        if asked("canvas") || asked("study") {
            return if asked("canvas") { canvas() } else { study() };
        }
        huge_file();
        for (channels, what) in [(384, "traces, 384 channels, heat map"), (32, "traces, 32 channels, lines")]
        {
            let mut screen = Screen::new();
            let spikes = vec![("sort.sorting".to_owned(), Value::from(sorting()))];
            let start = Instant::now();
            screen.viewer.show_value("read.recording", recording(channels).into(), spikes);
            screen.settle();
            println!("{what}: complete after {:.0} ms", start.elapsed().as_secs_f64() * 1e3);
            screen.measure(&format!("{what}, idle"), |_| Vec::new());
            screen.measure(&format!("{what}, dragged"), drag);
            screen.settle();
            let mut screen_again = Screen::new();
            screen_again.viewer.show_value("read.recording", recording(channels).into(), Vec::new());
            screen_again.settle();
            screen_again.measure(&format!("{what}, zoomed"), zoom);
        }
        let mut screen = Screen::new();
        let start = Instant::now();
        screen.viewer.show_value("sort.sorting", sorting().into(), Vec::new());
        screen.settle();
        println!("units, 300: complete after {:.0} ms", start.elapsed().as_secs_f64() * 1e3);
        screen.measure("units, 300, idle", |_| Vec::new());
        while_sorting();
        canvas();
        study();
    }
}
