//! Help for a node, made from its declaration: what it does, where it comes from, a drawing, ports, parameters.

use super::{
    App,
    canvas::{icons, picture},
    command::Command,
    texts, theme,
};
use crate::pipeline::{DynNode, ParamKind, ParamSpec, Port, Registry, Work, accepted};
use egui::{Align2, RichText, Role, ScrollArea, Sense, Ui, WidgetInfo, Window, vec2};

/// Nodes named as what may come before or after at most.
const NEIGHBOURS: usize = 8;

impl App {
    /// Shows the help of a kind, or of the selected node; the shortcuts where none is selected.
    pub(super) fn show_help(&mut self, kind: Option<String>) {
        let selected = || self.sheet.editor.single_selection().map(|node| node.kind.clone());
        match kind.or_else(selected).filter(|kind| self.registry.get(kind).is_some()) {
            Some(kind) => self.dialogs.help = Some(kind),
            None => self.dialogs.shortcuts = true,
        }
    }

    pub(super) fn help_ui(&mut self) -> Vec<Command> {
        let mut commands = Vec::new();
        let Some(kind) = self.dialogs.help.clone() else { return commands };
        let Some(node) = self.registry.get(&kind).cloned() else { return commands };
        let info = node.info();
        let mut open = true;
        let width = 560.0_f32.min(self.ctx.content_rect().width() - 60.0);
        Window::new(texts::help::help(&info.label))
            .id(egui::Id::unique("help"))
            .open(&mut open)
            .collapsible(false)
            .resizable(false)
            .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
            .show(&self.ctx, |ui| {
                ui.set_width(width);
                if ui.button(texts::help::add_it_to_the_canvas()).clicked() {
                    commands.push(Command::AddInView(info.kind.to_owned()));
                }
                ui.add_space(4.0);
                let height = (ui.ctx().content_rect().height() - 170.0).max(160.0);
                let area = ScrollArea::vertical().max_height(height).min_scrolled_height(height);
                area.auto_shrink([false, true]).show(ui, |ui| {
                    ui.horizontal(|ui| {
                        let color = theme::category_color(info.category, ui.visuals());
                        let (rect, _) = ui.allocate_exact_size(vec2(14.0, 16.0), Sense::hover());
                        icons::category(ui.painter(), Some(info.category), rect.center(), 12.0, color);
                        ui.weak(format!("{} · {}", theme::category_name(info.category), info.kind));
                    });
                    ui.label(RichText::new(info.summary).size(14.0));
                    if !info.source.is_empty() {
                        ui.weak(texts::help::source(&info.source.trim_end_matches('.')));
                    }
                    ui.weak(work(info.work));
                    ui.add_space(6.0);
                    picture::node(ui, &self.registry, info.kind);
                    ui.add_space(6.0);
                    self.ports_help(ui, &*node, &mut commands);
                    params_help(ui, &*node);
                    if !info.search.is_empty() {
                        heading(ui, texts::help::also_found_as());
                        ui.weak(info.search.join(", "));
                    }
                });
            });
        if !open {
            self.dialogs.help = None;
        }
        commands
    }

    /// What enters and leaves, and which nodes fit there.
    fn ports_help(&self, ui: &mut Ui, node: &dyn DynNode, commands: &mut Vec<Command>) {
        let info = node.info();
        for (title, ports, is_input) in
            [(texts::help::inputs(), info.inputs, true), (texts::help::outputs(), info.outputs, false)]
        {
            if ports.is_empty() {
                continue;
            }
            heading(ui, title);
            for port in ports {
                let color = theme::port_color(port.port_type, ui.visuals());
                ui.horizontal(|ui| {
                    let (rect, _) = ui.allocate_exact_size(vec2(12.0, 14.0), Sense::hover());
                    ui.painter().circle_filled(rect.center(), 5.0, color);
                    ui.label(port.name);
                    ui.weak(port_words(port));
                });
                ui.horizontal_wrapped(|ui| {
                    ui.add_space(18.0);
                    ui.weak(if is_input { texts::help::from() } else { texts::help::for_() });
                    for other in neighbours(&self.registry, info.kind, port, is_input) {
                        let info = other.info();
                        let link = ui.link(info.label);
                        link.widget_info(|| {
                            WidgetInfo::labeled(Role::Link, true, texts::help::help_on(&info.label))
                        });
                        if link.clicked() {
                            commands.push(Command::Help(Some(info.kind.to_owned())));
                        }
                    }
                });
            }
        }
    }
}

fn neighbours<'a>(
    registry: &'a Registry,
    kind: &str,
    port: &Port,
    is_input: bool,
) -> impl Iterator<Item = &'a std::sync::Arc<dyn DynNode>> {
    let found = registry.with_port(port.port_type, !is_input);
    let own = kind.to_owned();
    found.into_iter().filter(move |other| other.info().kind != own).take(NEIGHBOURS)
}

fn port_words(port: &Port) -> String {
    let optional = if port.optional { texts::help::and_optional() } else { "" };
    let many = if port.many { texts::help::and_takes_many() } else { "" };
    format!("{}{optional}{many}", port.port_type)
}

fn work(work: Work) -> &'static str {
    match work {
        Work::Lazy => texts::help::cost_of_recipes(),
        Work::Arrange => texts::help::cost_of_routes(),
        Work::FitThenLazy(_) => texts::help::cost_of_fits(),
        Work::Task(_) => texts::help::cost_of_tasks(),
    }
}

fn params_help(ui: &mut Ui, node: &dyn DynNode) {
    let specs = node.specs();
    if specs.is_empty() {
        return;
    }
    heading(ui, texts::help::parameters());
    for spec in specs {
        ui.horizontal_wrapped(|ui| {
            ui.strong(&spec.label);
            ui.monospace(&spec.name);
            ui.weak(default_words(spec));
        });
        if !spec.doc.is_empty() {
            ui.label(&spec.doc);
        }
        ui.weak(texts::help::takes(&accepted(spec)));
        if let ParamKind::Choice { options } = &spec.kind {
            for (stored, label, doc) in options.iter().filter(|(_, _, doc)| !doc.is_empty()) {
                ui.horizontal_wrapped(|ui| {
                    ui.add_space(12.0);
                    ui.label(label).on_hover_text(stored);
                    ui.weak(doc);
                });
            }
        }
        ui.add_space(4.0);
    }
}

fn default_words(spec: &ParamSpec) -> String {
    let value = super::text::param_value(spec, &spec.default);
    let advanced = if spec.advanced { texts::help::advanced() } else { "" };
    if value.is_empty() {
        advanced.trim_start_matches(", ").to_owned()
    } else {
        texts::help::default(&value, &advanced)
    }
}

fn heading(ui: &mut Ui, title: &str) {
    ui.add_space(6.0);
    ui.label(RichText::new(title).size(12.0).weak());
}
