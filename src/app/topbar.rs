//! The bar at the top: menus at the left, running at the right.

use super::{
    App,
    command::Command,
    examples, keymap, shortcuts, text,
    texts::{Words, actions, counts, menus},
    theme,
};
use egui::{Button, MenuBar, Role, Sense, Shape, Stroke, ThemePreference, Ui, WidgetInfo, vec2};

/// Steps listed in the menu of the history, each way.
const HISTORY: usize = 20;

impl App {
    /// Draws the bar.
    pub(super) fn top_ui(&mut self, ui: &mut Ui) -> Vec<Command> {
        let mut commands = Vec::new();
        let p = theme::palette(ui.visuals());
        let frame = egui::Frame::NONE.fill(p.bar).inner_margin(egui::Margin::symmetric(8, 4));
        egui::Panel::top("menu_bar").frame(frame).show_separator_line(false).show(ui, |ui| {
            MenuBar::new().ui(ui, |ui| {
                ui.menu_button(menus::file(), |ui| self.file_menu(ui, &mut commands));
                ui.menu_button(menus::edit(), |ui| self.edit_menu(ui, &mut commands));
                ui.menu_button(menus::view(), |ui| self.view_menu(ui, &mut commands));
                let run = ui.menu_button(menus::run(), |ui| self.run_menu(ui, &mut commands)).response;
                // The button at the right is called the same.
                run.widget_info(|| WidgetInfo::labeled(Role::Button, true, menus::run_menu()));
                ui.menu_button(menus::help(), |ui| {
                    self.actions(ui, &[actions::help_on_the_selected_node], &mut commands);
                    entry(ui, actions::shortcuts(), "?", true, Command::ToggleShortcuts, &mut commands);
                    self.actions(
                        ui,
                        &[actions::all_commands, actions::self_check, actions::about_spikeloom],
                        &mut commands,
                    );
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
                    sign_button(ui, actions::stop(), p.control, p.text_strong)
                })
                .inner;
            if stop.on_hover_text(menus::stop_hint(&keymap::after(ui.ctx(), actions::stop()))).clicked() {
                commands.push(Command::Stop);
            }
        } else {
            // Nothing is drawn yet: there is nothing to run.
            let any = !self.sheet.is_empty();
            let run =
                ui.add_enabled_ui(any, |ui| sign_button(ui, actions::run(), p.accent, p.on_accent)).inner;
            let run = run.on_disabled_hover_text(menus::nothing_to_run());
            run.context_menu(|ui| {
                let ways: [Words; 3] = [actions::run, actions::run_to_here, actions::submit_to_slurm];
                self.actions(ui, &ways, commands);
            });
            if run.on_hover_text(menus::run_hint(&keymap::after(ui.ctx(), actions::run()))).clicked() {
                commands.push(Command::Run { until: None });
            }
        }
        ui.add_space(8.0);
        let mut status = self.status_line();
        if !self.queue.is_empty() {
            status = format!("{status} · {}", menus::queued(&counts::runs(self.queue.len())));
        }
        let words = egui::RichText::new(status).color(match running {
            true => p.text,
            false if self.sheet.runs.has_warned() => p.warn,
            false => p.text_weak,
        });
        ui.add(egui::Label::new(words).truncate());
    }

    fn file_menu(&mut self, ui: &mut Ui, commands: &mut Vec<Command>) {
        ui.set_min_width(220.0);
        self.actions(ui, &[actions::new, actions::open], commands);
        ui.add_enabled_ui(!self.settings.recent.is_empty(), |ui| {
            ui.menu_button(menus::open_recent(), |ui| {
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
        ui.menu_button(menus::examples(), |ui| {
            for (index, example) in examples::EXAMPLES.iter().enumerate() {
                entry(ui, (example.name)(), "", true, Command::OpenExample(index), commands);
            }
        });
        ui.separator();
        self.actions(ui, &[actions::save, actions::save_as, actions::revert_to_saved], commands);
        self.actions(
            ui,
            &[actions::export_script, actions::copy_methods, actions::archive_results],
            commands,
        );
        ui.separator();
        self.actions(
            ui,
            &[actions::close_tab, actions::reopen_closed_tab, actions::recover_unsaved_pipelines],
            commands,
        );
        let reopen = ui.checkbox(&mut self.settings.reopen, menus::open_last_session());
        reopen.on_hover_text(menus::open_last_session_hint());
        ui.separator();
        self.actions(ui, &[actions::quit], commands);
    }

    fn edit_menu(&self, ui: &mut Ui, commands: &mut Vec<Command>) {
        ui.set_min_width(220.0);
        let (undo, redo) = self.sheet.editor.undo_labels();
        let label = |word: &str, what: Option<&str>| match what {
            Some(what) => format!("{word} {what}"),
            None => word.to_owned(),
        };
        let keys = [actions::undo(), actions::redo()].map(|label| keymap::keys_of(ui.ctx(), label));
        entry(ui, &label(actions::undo(), undo), &keys[0], undo.is_some(), Command::Undo, commands);
        entry(ui, &label(actions::redo(), redo), &keys[1], redo.is_some(), Command::Redo, commands);
        ui.add_enabled_ui(undo.is_some() || redo.is_some(), |ui| {
            ui.menu_button(menus::history(), |ui| self.history_menu(ui, commands));
        });
        ui.separator();
        let any = self.has_selection();
        entry(ui, menus::cut(), "Ctrl+X", any, Command::Cut, commands);
        entry(ui, menus::copy(), "Ctrl+C", any, Command::Copy, commands);
        // What is on the clipboard comes as if its keys were pressed.
        if ui.add(Button::new(menus::paste()).shortcut_text("Ctrl+V")).clicked() {
            ui.ctx().send_viewport_cmd(egui::ViewportCommand::RequestPaste);
            ui.close();
        }
        self.actions(ui, &[actions::duplicate, actions::delete, actions::select_all], commands);
        ui.separator();
        self.actions(ui, &[actions::add_node, actions::add_comment, actions::frame], commands);
        self.actions(
            ui,
            &[
                actions::group_into_a_node,
                actions::ungroup,
                actions::leave_group,
                actions::save_to_my_library,
            ],
            commands,
        );
        self.actions(
            ui,
            &[actions::rename, actions::replace_with, actions::mute, actions::bypass, actions::collapse],
            commands,
        );
    }

    fn run_menu(&self, ui: &mut Ui, commands: &mut Vec<Command>) {
        ui.set_min_width(220.0);
        self.actions(ui, &[actions::run, actions::run_to_here, actions::stop], commands);
        ui.separator();
        self.actions(ui, &[actions::look_at_output, actions::why_does_it_run], commands);
        ui.separator();
        self.actions(ui, &[actions::jobs, actions::run_history, actions::study], commands);
        ui.separator();
        self.actions(
            ui,
            &[actions::submit_to_slurm, actions::retry_on_slurm, actions::cancel_on_slurm],
            commands,
        );
        ui.separator();
        self.actions(ui, &[actions::settings_of_runs], commands);
    }

    /// The steps that can be redone, the state that is shown, and the steps that can be undone, newest first.
    fn history_menu(&self, ui: &mut Ui, commands: &mut Vec<Command>) {
        ui.set_min_width(200.0);
        let (undo, redo) = self.sheet.editor.history();
        let redo: Vec<&str> = redo.take(HISTORY).collect();
        for (index, label) in redo.iter().enumerate().rev() {
            let words = egui::RichText::new(text::sentence_of(label)).weak();
            if ui.button(words).on_hover_text(menus::redo(&counts::steps(index + 1))).clicked() {
                commands.push(Command::Step(-(index as i32) - 1));
                ui.close();
            }
        }
        ui.label(egui::RichText::new(menus::now()).strong());
        for (index, label) in undo.take(HISTORY).enumerate() {
            let hover = menus::undo(&counts::steps(index + 1));
            if ui.button(text::sentence_of(label)).on_hover_text(hover).clicked() {
                commands.push(Command::Step(index as i32 + 1));
                ui.close();
            }
        }
    }

    /// Entries of the table of actions, by label.
    fn actions(&self, ui: &mut Ui, labels: &[Words], commands: &mut Vec<Command>) {
        for action in labels.iter().filter_map(|label| shortcuts::action(label())) {
            let command = (action.make)();
            entry(ui, action.label(), &action.keys(ui.ctx()), self.can(&command), command, commands);
        }
    }

    fn view_menu(&mut self, ui: &mut Ui, commands: &mut Vec<Command>) {
        ui.set_min_width(200.0);
        self.actions(
            ui,
            &[actions::fit_all, actions::fit_selection, actions::actual_size, actions::find_on_the_canvas],
            commands,
        );
        let minimap = ui.checkbox(&mut self.settings.minimap, actions::minimap()).clicked();
        let previews = ui.checkbox(&mut self.sheet.previews.all, actions::preview_on_all_nodes()).clicked();
        if previews {
            self.offer_room();
        }
        if minimap || previews {
            ui.close();
        }
        ui.separator();
        self.actions(ui, &[actions::arrange_nodes, actions::make_room], commands);
        ui.menu_button(menus::align(), |ui| {
            let labels: [Words; 4] = [
                actions::align_left_edges,
                actions::align_right_edges,
                actions::align_top_edges,
                actions::align_bottom_edges,
            ];
            self.actions(ui, &labels, commands);
            self.actions(ui, &[actions::distribute_horizontally, actions::distribute_vertically], commands);
        });
        ui.separator();
        for (label, theme) in [
            (menus::dark(), ThemePreference::Dark),
            (menus::light(), ThemePreference::Light),
            (menus::as_the_system(), ThemePreference::System),
        ] {
            if ui.radio(self.settings.theme == theme, label).clicked() {
                commands.push(Command::Theme(theme));
                ui.close();
            }
        }
        ui.separator();
        ui.horizontal(|ui| {
            ui.label(menus::size());
            for (label, step) in [(menus::smaller(), -1), (menus::larger(), 1)] {
                if ui.small_button(if step < 0 { "−" } else { "+" }).accessible_name(label).clicked() {
                    commands.push(Command::Resize(Some(step)));
                }
            }
            ui.weak(format!("{} %", text::number(f64::from((self.settings.scale * 100.0).round()))));
        });
        ui.separator();
        self.actions(ui, &[actions::room_to_inspect, actions::reset_layout], commands);
    }
}

/// A button with the sign of playing, or of stopping, before its word.
fn sign_button(ui: &mut Ui, label: &str, fill: egui::Color32, color: egui::Color32) -> egui::Response {
    let (rect, response) = ui.allocate_exact_size(vec2(74.0, 24.0), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), label));
    let fill = if response.hovered() { fill.gamma_multiply(0.85) } else { fill };
    ui.painter().rect_filled(rect, 5.0, fill);
    let sign = rect.left_center() + vec2(19.0, 0.0);
    if label == actions::stop() {
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
