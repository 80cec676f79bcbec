//! The bar at the top: menus at the left, running at the right.

use super::{App, command::Command, examples, keymap, shortcuts, text, theme};
use egui::{Button, MenuBar, Role, Sense, Shape, Stroke, ThemePreference, Ui, WidgetInfo, vec2};

/// Steps listed in the menu of the history, each way.
const HISTORY: usize = 20;

impl App {
    /// Draws the bar.
    pub(super) fn top_ui(&mut self, ui: &mut Ui) -> Vec<Command> {
        let mut commands = Vec::new();
        let p = theme::palette(ui.visuals());
        let frame = egui::Frame::NONE.fill(p.bar).inner_margin(egui::Margin::symmetric(8, 4));
        egui::Panel::top("menu bar").frame(frame).show_separator_line(false).show(ui, |ui| {
            MenuBar::new().ui(ui, |ui| {
                ui.menu_button("File", |ui| self.file_menu(ui, &mut commands));
                ui.menu_button("Edit", |ui| self.edit_menu(ui, &mut commands));
                ui.menu_button("View", |ui| self.view_menu(ui, &mut commands));
                ui.menu_button("Help", |ui| {
                    self.actions(ui, &["Help on the selected node"], &mut commands);
                    entry(ui, "Shortcuts", "?", true, Command::ToggleShortcuts, &mut commands);
                    self.actions(ui, &["All commands", "Self-check…", "About Spikeloom"], &mut commands);
                });
                self.tabs_ui(ui, &mut commands);
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    self.run_ui(ui, &mut commands);
                });
            });
        });
        commands
    }

    fn run_ui(&self, ui: &mut Ui, commands: &mut Vec<Command>) {
        let p = theme::palette(ui.visuals());
        let running = self.is_running();
        if running {
            let stop = ui
                .add_enabled_ui(!self.sheet.runs.is_stopping(), |ui| {
                    sign_button(ui, "Stop", p.control, p.text_strong)
                })
                .inner;
            if stop.on_hover_text(format!("Stop the run{}", keymap::after(ui.ctx(), "Stop"))).clicked() {
                commands.push(Command::Stop);
            }
        } else {
            // Nothing is drawn yet: there is nothing to run.
            let any = !self.sheet.is_empty();
            let run = ui.add_enabled_ui(any, |ui| sign_button(ui, "Run", p.accent, p.on_accent)).inner;
            let run =
                run.on_disabled_hover_text("There is nothing to run yet: open a recording or a template");
            if run
                .on_hover_text(format!("Run what is not done yet{}", keymap::after(ui.ctx(), "Run")))
                .clicked()
            {
                commands.push(Command::Run { until: None });
            }
        }
        ui.add_space(8.0);
        let mut status = self.status_line();
        if !self.queue.is_empty() {
            status = format!("{status} · {}", text::counted(self.queue.len(), "run") + " queued");
        }
        let words = egui::RichText::new(status).color(if running { p.text } else { p.text_weak });
        ui.add(egui::Label::new(words).truncate());
    }

    fn file_menu(&mut self, ui: &mut Ui, commands: &mut Vec<Command>) {
        ui.set_min_width(220.0);
        self.actions(ui, &["New", "Open…"], commands);
        ui.add_enabled_ui(!self.settings.recent.is_empty(), |ui| {
            ui.menu_button("Open recent", |ui| {
                for path in &self.settings.recent {
                    let name =
                        path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
                    let response = ui.button(name).on_hover_text(path.display().to_string());
                    if response.clicked() {
                        commands.push(Command::Open(path.clone()));
                        ui.close();
                    }
                }
            });
        });
        ui.menu_button("Examples", |ui| {
            for (index, example) in examples::EXAMPLES.iter().enumerate() {
                entry(ui, example.name, "", true, Command::OpenExample(index), commands);
            }
        });
        ui.separator();
        self.actions(ui, &["Save", "Save as…", "Revert to saved"], commands);
        ui.separator();
        self.actions(ui, &["Close tab", "Reopen closed tab", "Recover unsaved pipelines…"], commands);
        ui.separator();
        self.actions(ui, &["Quit"], commands);
    }

    fn edit_menu(&self, ui: &mut Ui, commands: &mut Vec<Command>) {
        ui.set_min_width(220.0);
        let (undo, redo) = self.sheet.editor.undo_labels();
        let label = |word: &str, what: Option<&str>| match what {
            Some(what) => format!("{word} {what}"),
            None => word.to_owned(),
        };
        let keys = ["Undo", "Redo"].map(|label| keymap::keys_of(ui.ctx(), label));
        entry(ui, &label("Undo", undo), &keys[0], undo.is_some(), Command::Undo, commands);
        entry(ui, &label("Redo", redo), &keys[1], redo.is_some(), Command::Redo, commands);
        ui.add_enabled_ui(undo.is_some() || redo.is_some(), |ui| {
            ui.menu_button("History", |ui| self.history_menu(ui, commands));
        });
        ui.separator();
        let any = self.has_selection();
        entry(ui, "Cut", "Ctrl+X", any, Command::Cut, commands);
        entry(ui, "Copy", "Ctrl+C", any, Command::Copy, commands);
        self.actions(ui, &["Duplicate", "Delete", "Select all"], commands);
        ui.separator();
        self.actions(ui, &["Add node…", "Add comment", "Frame"], commands);
        self.actions(ui, &["Group into a node", "Ungroup", "Leave group", "Save to my library"], commands);
        self.actions(ui, &["Rename", "Replace with…", "Mute", "Bypass", "Collapse"], commands);
        ui.separator();
        self.actions(ui, &["Run to here", "Look at output"], commands);
    }

    /// The steps that can be redone, the state that is shown, and the steps that can be undone, newest first.
    fn history_menu(&self, ui: &mut Ui, commands: &mut Vec<Command>) {
        ui.set_min_width(200.0);
        let (undo, redo) = self.sheet.editor.history();
        let redo: Vec<&str> = redo.take(HISTORY).collect();
        for (index, label) in redo.iter().enumerate().rev() {
            let words = egui::RichText::new(text::sentence_of(label)).weak();
            if ui.button(words).on_hover_text(format!("Redo {}", text::counted(index + 1, "step"))).clicked()
            {
                commands.push(Command::Step(-(index as i32) - 1));
                ui.close();
            }
        }
        ui.label(egui::RichText::new("Now").strong());
        for (index, label) in undo.take(HISTORY).enumerate() {
            let hover = format!("Undo {}", text::counted(index + 1, "step"));
            if ui.button(text::sentence_of(label)).on_hover_text(hover).clicked() {
                commands.push(Command::Step(index as i32 + 1));
                ui.close();
            }
        }
    }

    /// Entries of the table of actions, by label.
    fn actions(&self, ui: &mut Ui, labels: &[&str], commands: &mut Vec<Command>) {
        for action in labels.iter().filter_map(|label| shortcuts::action(label)) {
            let command = (action.make)();
            entry(ui, action.label, &action.keys(ui.ctx()), self.can(&command), command, commands);
        }
    }

    fn view_menu(&mut self, ui: &mut Ui, commands: &mut Vec<Command>) {
        ui.set_min_width(200.0);
        self.actions(ui, &["Fit all", "Fit selection", "100 %", "Find on the canvas…"], commands);
        if ui.checkbox(&mut self.settings.minimap, "Minimap").clicked()
            | ui.checkbox(&mut self.sheet.previews.all, "Preview on all nodes").clicked()
        {
            ui.close();
        }
        ui.separator();
        self.actions(ui, &["Run history", "Study", "Arrange nodes"], commands);
        ui.menu_button("Align", |ui| {
            let labels = ["Align left edges", "Align right edges", "Align top edges", "Align bottom edges"];
            self.actions(ui, &labels, commands);
            self.actions(ui, &["Distribute horizontally", "Distribute vertically"], commands);
        });
        ui.separator();
        for (label, theme) in [
            ("Dark", ThemePreference::Dark),
            ("Light", ThemePreference::Light),
            ("As the system", ThemePreference::System),
        ] {
            if ui.radio(self.settings.theme == theme, label).clicked() {
                self.settings.theme = theme;
                ui.ctx().set_theme(theme);
                ui.close();
            }
        }
        ui.separator();
        ui.horizontal(|ui| {
            ui.label("Size");
            for (label, step) in [("Smaller", -0.1), ("Larger", 0.1)] {
                if ui.small_button(if step < 0.0 { "−" } else { "+" }).accessible_name(label).clicked() {
                    self.settings.scale = (self.settings.scale + step).clamp(0.6, 2.5);
                    ui.ctx().set_zoom_factor(self.settings.scale);
                }
            }
            ui.weak(format!("{} %", text::number(f64::from((self.settings.scale * 100.0).round()))));
        });
        ui.separator();
        self.actions(ui, &["Room to inspect", "Reset layout"], commands);
        ui.separator();
        self.actions(ui, &["Settings of runs…"], commands);
    }
}

/// A button with the sign of playing, or of stopping, before its word.
fn sign_button(ui: &mut Ui, label: &str, fill: egui::Color32, color: egui::Color32) -> egui::Response {
    let (rect, response) = ui.allocate_exact_size(vec2(74.0, 24.0), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), label));
    let fill = if response.hovered() { fill.gamma_multiply(0.85) } else { fill };
    ui.painter().rect_filled(rect, 5.0, fill);
    let sign = rect.left_center() + vec2(19.0, 0.0);
    if label == "Stop" {
        ui.painter().rect_filled(egui::Rect::from_center_size(sign, vec2(9.0, 9.0)), 1.0, color);
    } else {
        let points = [vec2(-4.0, -5.5), vec2(5.5, 0.0), vec2(-4.0, 5.5)].map(|d| sign + d);
        ui.painter().add(Shape::convex_polygon(points.to_vec(), color, Stroke::NONE));
    }
    let font = egui::FontId::proportional(13.5);
    ui.painter().text(rect.left_center() + vec2(31.0, 0.0), egui::Align2::LEFT_CENTER, label, font, color);
    response
}

fn entry(ui: &mut Ui, label: &str, keys: &str, enabled: bool, command: Command, commands: &mut Vec<Command>) {
    if ui.add_enabled(enabled, Button::new(label).shortcut_text(keys)).clicked() {
        commands.push(command);
        ui.close();
    }
}
