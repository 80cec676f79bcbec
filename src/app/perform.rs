//! Carries commands out: the one place where the document changes.

use super::{
    App,
    answer::Purpose,
    browser::Mode,
    clip::Place,
    command::{Command, Joint},
    command_list::CommandList,
    editor::Editor,
    jobs::Tab,
    panels,
    sheet::Sheet,
    text, texts, wizard,
};
use crate::pipeline::Edit;
use std::path::PathBuf;

impl App {
    /// Carries a command out; one that would stop a run or lose changes asks first.
    pub fn perform(&mut self, command: Command) {
        // What an earlier session left is asked about at first, not over what is begun instead; the start screen
        // and the menu still lead to it.
        let begins = matches!(
            command,
            Command::Open(_)
                | Command::OpenAll(_)
                | Command::OpenDialog
                | Command::OpenExample(_)
                | Command::New
                | Command::NewTab
                | Command::Import(_)
        );
        self.dialogs.unsaved &= !begins;
        if self.stops_run(&command) {
            self.dialogs.stops = Some(command);
        } else {
            self.perform_or_save(command);
        }
    }

    /// As [`Self::perform`], with a run that goes on settled.
    pub(super) fn perform_or_save(&mut self, command: Command) {
        let unsaved = self.left_by(&command).find(|sheet| sheet.editor.is_dirty()).map(|sheet| sheet.number);
        // What is open again at the next start is not lost.
        let comes_back = matches!(command, Command::Quit) && self.comes_back();
        match unsaved.filter(|_| !comes_back) {
            Some(number) => {
                // What is asked about is to be seen.
                self.bring_forward(number);
                self.dialogs.waiting = Some(command);
            }
            None => self.perform_at_once(command),
        }
    }

    /// The sheets that a command leaves for good.
    pub(super) fn left_by(&self, command: &Command) -> impl Iterator<Item = &Sheet> {
        let front = self.sheet.number;
        let left = match command {
            Command::CloseTab(number) => Some(number.unwrap_or(front)),
            _ => None,
        };
        let all = matches!(command, Command::Quit);
        self.sheets().filter(move |sheet| all || left == Some(sheet.number))
    }

    /// True where a command would stop a run that goes on.
    pub(super) fn stops_run(&self, command: &Command) -> bool {
        self.left_by(command).any(|sheet| self.is_busy(sheet.number))
    }

    pub(super) fn perform_at_once(&mut self, command: Command) {
        match command {
            Command::Edit { edit, label, merge } => self.edit(edit, &label, merge),
            Command::Add { kind, position, joint } => self.add(&kind, position, joint),
            Command::AddInView(kind) => {
                let place = self.free_place();
                self.add(&kind, place, Joint::None);
                self.sheet.canvas.reveal(place);
            }
            Command::ContinueWith { end, example } => self.continue_with(&end, example),
            Command::Connect { from, to } => {
                match self.sheet.editor.drawn().connect_edits(&self.kinds(), &from, &to) {
                    Ok(edit) => self.edit(edit, texts::canvas::draw_wire(), None),
                    Err(error) => self.toasts.error(text::sentence_of(&error.0)),
                }
            }
            Command::Reconnect { old, from, to } => self.reconnect(&old, &from, &to),
            Command::Splice { node, wire, merge } => self.splice(&node, &wire, merge),
            Command::Swap { node, kind } => self.swap(&node, &kind),
            Command::Theme(theme) => {
                self.settings.theme = theme;
                self.ctx.set_theme(theme);
            }
            Command::Resize(steps) => {
                let steps = steps.map(f32::from);
                let scale = steps.map_or(1.0, |steps| self.settings.scale + 0.1 * steps);
                self.settings.scale = scale.clamp(0.6, 2.5);
                self.ctx.set_zoom_factor(self.settings.scale);
            }
            Command::FindSwap => {
                if let Some(name) = self.sheet.editor.single_selection().map(|node| node.name.clone()) {
                    let kinds = self.kinds();
                    self.sheet.canvas.find_swap(self.sheet.editor.drawn(), &kinds, &name);
                }
            }
            Command::Align(alignment) => self.align(alignment),
            Command::SelectAlso(names, marks) => self.select_all(names, marks),
            Command::Frame => self.frame_selection(),
            Command::AddComment => self.add_comment(),
            Command::EditMark(number) => self.edit_mark(number),
            Command::PaintMarks(color) => self.paint_marks(color),
            Command::FitFrame(number) => self.fit_frame(number),
            Command::SelectInFrame(number) => {
                let (names, marks) =
                    self.sheet.canvas.within(self.sheet.editor.drawn(), &self.sheet.states, number);
                self.sheet.editor.select_all(names, marks);
            }
            Command::ToggleCollapsed => {
                self.toggle(
                    |n| n.collapsed,
                    Edit::SetCollapsed,
                    [texts::canvas::collapse(), texts::canvas::expand()],
                );
            }
            Command::Select(names) => self.select_all(names, Vec::new()),
            Command::SelectWire(from, to) => {
                self.sheet.editor.select([]);
                self.sheet.editor.selected_wire = Some((from, to));
            }
            Command::SelectAll => {
                let pipeline = self.sheet.editor.drawn();
                let names: Vec<_> = pipeline.nodes().map(|n| n.name.clone()).collect();
                let marks: Vec<_> = pipeline.marks().map(|(number, _)| number).collect();
                self.sheet.editor.select_all(names, marks);
            }
            Command::Delete => self.delete(),
            Command::Copy => self.copy(),
            Command::Cut => {
                self.copy();
                self.delete();
            }
            Command::Paste { text, position } => self.paste(&text, position),
            Command::Duplicate => {
                let part = self.sheet.editor.selected_part();
                self.insert(&part, Place::Offset([32.0, 32.0]), texts::canvas::duplicate());
            }
            Command::Nudge(by) => self.nudge(by),
            Command::ToggleMuted => {
                self.toggle(|n| n.muted, Edit::SetMuted, [texts::canvas::mute(), texts::canvas::unmute()]);
            }
            Command::ToggleBypassed => {
                self.toggle(
                    |n| n.bypassed,
                    Edit::SetBypassed,
                    [texts::canvas::bypass(), texts::canvas::do_not_bypass()],
                );
            }
            Command::TogglePreviews => self.toggle_previews(),
            Command::ToggleAllPreviews => {
                self.sheet.previews.all = !self.sheet.previews.all;
                self.offer_room();
            }
            Command::Rename => {
                if let Some(node) = self.sheet.editor.single_selection() {
                    self.sheet.canvas.rename(&node.name);
                } else if let Some(number) = self.sheet.editor.selected_marks.first().copied() {
                    self.edit_mark(number);
                }
            }
            Command::Activate => match self.selected_group() {
                Some(group) => self.enter(&group),
                None => self.perform_at_once(Command::Rename),
            },
            Command::Enter(level) => self.enter(&level),
            Command::Leave => self.leave(),
            Command::Group => self.group_selection(),
            Command::Ungroup => self.ungroup(),
            Command::ShowParam { node, field } => self.show_param(&node, &field),
            Command::ShowPort { end, is_input } => self.show_port(&end, is_input),
            Command::KeepGroup => self.keep_group(),
            Command::AddKept { file, position, joint } => self.add_kept(&file, position, joint),
            Command::RemoveKept(file) => self.remove_kept(&file),
            Command::Arrange => self.arrange(),
            Command::Unpack => self.unpack(),
            Command::Undo => {
                let level = self.sheet.editor.level().to_owned();
                if self.sheet.editor.undo().is_some() {
                    self.stepped();
                    self.follow_level(&level);
                }
            }
            Command::Redo => {
                let level = self.sheet.editor.level().to_owned();
                if self.sheet.editor.redo().is_some() {
                    self.stepped();
                    self.follow_level(&level);
                }
            }
            Command::TakeBack(key) => {
                if self.sheet.editor.take_back(&key) {
                    self.stepped();
                }
            }
            Command::Step(count) => {
                let level = self.sheet.editor.level().to_owned();
                let step = if count > 0 { Editor::undo } else { Editor::redo };
                if (0..count.unsigned_abs()).take_while(|_| step(&mut self.sheet.editor).is_some()).count()
                    > 0
                {
                    self.stepped();
                    self.follow_level(&level);
                }
            }
            Command::Look(end) => {
                self.sheet.follows = false;
                self.look(end);
            }
            Command::LookAtSelection => self.look_at_selection(),
            Command::Run { until } => self.run(until),
            Command::RunToSelection => {
                if let Some(name) = self.sheet.editor.selection.first().cloned() {
                    self.run(Some(name));
                }
            }
            Command::Why => match (&self.executor, self.sheet.editor.selection.first()) {
                (Some(executor), Some(node)) => self.backend.why(executor, &self.sheet, node.clone()),
                (None, _) => self.toasts.error(texts::runs::no_store_is_open()),
                _ => {}
            },
            Command::Stop => self.stop(),
            Command::ResetParams => self.reset_params(),
            Command::FindParam => self.inspector.find(),
            Command::NamePreset => self.name_preset(),
            Command::SavePreset(node, name) => self.save_preset(&node, &name),
            Command::ApplyPreset(node, name) => self.apply_preset(&node, &name),
            Command::RemovePreset(kind, name) => self.remove_preset(&kind, &name),
            Command::LookAtItem(end, item) => self.look_at_item(end, &item),
            Command::RunTasks(tasks) => self.run_tasks(tasks),
            Command::SubmitToSlurm => self.open_submission(),
            Command::SubmitNow => self.submit_form(),
            Command::RetryOnSlurm => self.retry_on_cluster(),
            Command::CancelOnSlurm => self.cancel_on_cluster(),
            Command::StopTasks(tasks) => self.stop_tasks(&tasks),
            Command::ShowJob(task) => self.show_job(task),
            Command::ShowJobs => self.bottom.toggle(Tab::Jobs),
            Command::MakeRoom => self.make_room(),
            Command::ShowStudy => self.bottom.toggle(Tab::Study),
            Command::ShowHistory => self.bottom.toggle(Tab::Runs),
            Command::OpenRun(folder) => self.open_run(&folder),
            Command::CompareRuns(folders) => self.compare_runs(&folders),
            Command::Unqueue(number) => self.unqueue(|waiting| waiting.number == number),
            Command::New => self.new_sheet(),
            Command::NewTab => self.start_sheet(),
            Command::OpenDialog => {
                self.browse(Purpose::Open, Mode::Open, String::new());
            }
            Command::Open(path) => {
                let open = self.sheets().find(|sheet| sheet.is_of(&path)).map(|sheet| sheet.number);
                match open {
                    Some(number) => self.bring_forward(number),
                    None => self.backend.open(path),
                }
            }
            Command::OpenAll(paths) => self.backend.open_all(paths),
            Command::OpenExample(index) => self.open_example(index),
            Command::Save => match self.sheet.editor.path.clone() {
                Some(path) => self.save(path),
                None => self.perform_at_once(Command::SaveAs),
            },
            Command::SaveAs => {
                let stem = self.sheet.editor.title().to_lowercase().replace(' ', "_");
                let name = if stem.ends_with(".ron") { stem } else { format!("{stem}.ron") };
                self.browse(Purpose::Save, Mode::Save, name);
            }
            Command::Revert => {
                if let Some(path) = self.sheet.editor.path.clone() {
                    self.backend.reread(self.sheet.number, path);
                }
            }
            Command::ExportScript => self.export_script(),
            Command::CopyMethods => self.copy_methods(),
            Command::Archive => self.export_archive(),
            Command::ShowTab(number) => self.bring_forward(number),
            Command::SwitchTab(by) => self.switch_tab(by),
            Command::CloseTab(number) => self.close_sheet(number.unwrap_or(self.sheet.number)),
            Command::ReopenTab => self.reopen(),
            Command::ForgetRecent(list, path) => {
                self.remember(list, &path, false);
                self.start.look_again();
            }
            Command::ShowUnsaved => self.dialogs.unsaved = true,
            Command::Recover(index) => {
                self.recover(index);
            }
            Command::DiscardUnsaved(index) => self.discard_unsaved(index),
            Command::EditProbe(node) => self.open_probe(&node),
            Command::WireProbe(node) => self.wire_probe(&node),
            Command::ProposeOrder(node) => self.propose_order(&node),
            Command::Import(node) => self.import(wizard::Source::Node(node)),
            Command::Browse { node, field, mode } => {
                self.browse(Purpose::Param { node, field }, Mode::of_param(&mode), String::new());
            }
            Command::Quit => {
                self.dialogs.may_close = true;
                self.ctx.send_viewport_cmd(egui::ViewportCommand::Close);
            }
            Command::FindNode => match self.sheet.editor.selected_wire.clone() {
                Some(wire) => {
                    let kinds = self.kinds();
                    self.sheet.canvas.find_on_wire(self.sheet.editor.drawn(), &kinds, &wire);
                }
                None => self.sheet.canvas.open_finder(&self.ctx),
            },
            Command::FindInput(end) => {
                let kinds = self.kinds();
                self.sheet.canvas.find_input(self.sheet.editor.drawn(), &kinds, &end);
            }
            Command::ShowCommands => self.dialogs.commands = Some(CommandList::default()),
            Command::Exchange { reader, added, runs } => {
                if self.exchange(&reader, &added) && runs {
                    self.run(None);
                }
            }
            Command::ShowRunSettings => self.open_run_settings(),
            Command::ToggleShortcuts => self.dialogs.shortcuts = !self.dialogs.shortcuts,
            Command::Help(kind) => self.show_help(kind),
            Command::ShowHeights(node) => self.show_heights(&node),
            Command::SelfCheck => self.start_self_check(),
            Command::ShowAbout => self.dialogs.about = true,
            Command::ResetLayout => {
                self.layout = Some(panels::default_layout());
                self.maximised = None;
            }
            Command::InspectLayout => {
                self.layout = Some(panels::inspect_layout());
                self.maximised = None;
            }
            Command::Fit { selection } => self.sheet.canvas.fit(selection),
            Command::ActualSize => self.sheet.canvas.actual_size(),
            Command::FindOnCanvas => self.sheet.canvas.open_find(),
            Command::ToggleMinimap => self.settings.minimap = !self.settings.minimap,
        }
    }

    /// Saves to this file from now on.
    pub fn save(&mut self, path: PathBuf) {
        self.backend.save(
            self.sheet.number,
            self.sheet.editor.pipeline(),
            self.sheet.editor.revision(),
            path,
        );
    }
}
