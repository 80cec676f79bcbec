//! Finding a node, a frame or a comment of the pipeline by its words, and going there.

use super::{Canvas, Scene, marks::world_rect};
use crate::{
    app::{command::Command, text, texts, theme},
    pipeline::{MarkKind, ParamSpec, Pipeline, Registry, level_of},
};
use egui::{Area, Frame, Id, Key, Order, Rect, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};

const WIDTH: f32 = 280.0;
const ROW_HEIGHT: f32 = 36.0;

/// The search while it is open.
#[derive(Default)]
pub(super) struct Find {
    query: String,
    row: usize,
    /// Where it went last.
    shown: Option<Place>,
}

/// Something on the canvas.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Node(String),
    Mark(u32),
}

/// What was found.
#[derive(Debug)]
struct Found {
    place: Place,
    title: String,
    /// What it is, or the parameter that fits.
    detail: String,
}

impl Canvas {
    /// Opens the search over what is on the canvas.
    pub fn open_find(&mut self) {
        self.find = Some(Find::default());
    }

    pub(super) fn find_ui(&mut self, ui: &Ui, scene: &Scene<'_>, commands: &mut Vec<Command>) {
        let Some(mut find) = self.find.take() else { return };
        let corner = self.view.rect.right_top() + vec2(-WIDTH - 36.0, 12.0);
        let mut goes = None;
        let mut closes = ui.input(|i| i.key_pressed(Key::Escape));
        Area::new(Id::unique("find_on_the_canvas")).order(Order::Foreground).fixed_pos(corner).show(
            ui.ctx(),
            |ui| {
                Frame::popup(ui.style()).show(ui, |ui| {
                    ui.set_width(WIDTH);
                    let (up, down) = ui.input_mut(|i| {
                        let none = egui::Modifiers::NONE;
                        (i.consume_key(none, Key::ArrowUp), i.consume_key(none, Key::ArrowDown))
                    });
                    let edit = egui::TextEdit::singleline(&mut find.query)
                        .hint_text(texts::canvas::name_kind_parameter())
                        .desired_width(WIDTH);
                    let response = ui.add(edit);
                    response.widget_info(|| {
                        WidgetInfo::labeled(Role::SearchInput, true, texts::canvas::find_on_the_canvas())
                    });
                    if response.changed() {
                        find.row = 0;
                    }
                    closes |= response.lost_focus();
                    if !closes && !response.has_focus() {
                        response.request_focus();
                    }
                    let found = found(scene.whole, scene.registry, &find.query);
                    if found.is_empty() {
                        if !find.query.trim().is_empty() {
                            ui.weak(texts::canvas::nothing_of_that_name());
                        }
                        return;
                    }
                    find.row = if up { find.row.saturating_sub(1) } else { find.row + usize::from(down) };
                    find.row = find.row.min(found.len() - 1);
                    let height = ROW_HEIGHT * found.len().min(8) as f32;
                    ScrollArea::vertical().max_height(height).min_scrolled_height(height).show(ui, |ui| {
                        ui.spacing_mut().item_spacing.y = 0.0;
                        for (index, item) in found.iter().enumerate() {
                            if row(ui, item, index == find.row, up || down) {
                                find.row = index;
                                closes = true;
                            }
                        }
                    });
                    goes = found.into_iter().nth(find.row).map(|item| item.place);
                });
            },
        );
        if goes.is_some() && goes != find.shown {
            self.go_to(scene, goes.as_ref(), commands);
            find.shown = goes;
        }
        if !closes {
            self.find = Some(find);
        }
    }

    /// Selects something and brings it into the middle, near enough to be read.
    fn go_to(&mut self, scene: &Scene<'_>, place: Option<&Place>, commands: &mut Vec<Command>) {
        let rect: Option<Rect> = match place {
            Some(Place::Node(name)) => {
                commands.push(Command::SelectAlso(vec![name.clone()], Vec::new()));
                commands.extend((level_of(name) != scene.level).then_some(Command::Fit { selection: true }));
                scene.pipeline.node(name).map(|node| self.faces.rect(node, scene.states))
            }
            Some(Place::Mark(number)) => {
                let group = scene.whole.mark(*number).map(|mark| mark.group.clone());
                if let Some(group) = group.filter(|group| group != scene.level) {
                    commands.push(Command::Enter(group));
                }
                commands.push(Command::SelectAlso(Vec::new(), vec![*number]));
                scene.pipeline.mark(*number).map(world_rect)
            }
            None => None,
        };
        if let Some(rect) = rect {
            self.view.show(rect.center());
            self.moved = true;
        }
    }
}

/// One line of what was found; true where it was chosen.
fn row(ui: &mut Ui, item: &Found, current: bool, moved: bool) -> bool {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, texts::canvas::go_to(&item.title)));
    let p = theme::palette(ui.visuals());
    if current || response.hovered() {
        let fill = if current { ui.visuals().selection.bg_fill } else { p.control };
        ui.painter().rect_filled(rect, 4.0, fill);
    }
    if current && moved {
        response.scroll_to_me(None);
    }
    let lines = [(&item.title, 13.0, p.text_strong, 3.0), (&item.detail, 11.0, p.text_weak, 19.0)];
    for (words, size, color, y) in lines {
        let font = egui::FontId::proportional(size);
        let words = super::node::one_line(ui.painter(), words, font, color, rect.width() - 16.0);
        ui.painter().galley(pos2(rect.left() + 8.0, rect.top() + y), words, color);
    }
    response.clicked()
}

/// What has every word that was typed: names before kinds before parameters. Nothing was typed: nothing.
fn found(pipeline: &Pipeline, registry: &Registry, query: &str) -> Vec<Found> {
    let words: Vec<String> = query.to_lowercase().split_whitespace().map(str::to_owned).collect();
    if words.is_empty() {
        return Vec::new();
    }
    let has_all = |text: &str| {
        let text = text.to_lowercase();
        words.iter().all(|word| text.contains(word.as_str()))
    };
    let mut found: Vec<(u8, Found)> = Vec::new();
    for node in pipeline.nodes() {
        let known = registry.get(&node.kind);
        let label = known.map_or(node.kind.as_str(), |known| known.info().label);
        let synonyms = known.map_or(String::new(), |known| known.info().search.join(" "));
        // Parameters that were set before those that were not.
        let params: Vec<(String, String)> = known.map_or_else(Vec::new, |known| {
            let is_set = |spec: &&ParamSpec| node.params.contains_key(&spec.name);
            let (set, unset): (Vec<_>, Vec<_>) = known.specs().iter().partition(is_set);
            let words = |spec: &ParamSpec| {
                let value = node.params.get(&spec.name).unwrap_or(&spec.default);
                format!("{}: {}", spec.label, text::param_value(spec, value))
            };
            let set = set.into_iter().map(|spec| (format!("{} {}", spec.name, words(spec)), words(spec)));
            // A value that nobody gave is not looked for.
            let unset = unset.into_iter().map(|spec| (format!("{} {}", spec.name, spec.label), words(spec)));
            set.chain(unset).collect()
        });
        let kind = format!("{label} {} {synonyms}", node.kind);
        let spaced = node.name.replace('_', " ");
        let param = params.iter().find(|(searched, _)| has_all(searched));
        let searched = || params.iter().map(|(searched, _)| searched.as_str()).collect::<Vec<_>>().join(" ");
        let rank = if has_all(&node.name) || has_all(&spaced) {
            0
        } else if has_all(&kind) {
            1
        } else if param.is_some() {
            2
        } else if has_all(&format!("{spaced} {kind} {}", searched())) {
            3
        } else {
            continue;
        };
        let detail = match (rank, param) {
            (2, Some((_, words))) => format!("{label} · {words}"),
            _ => label.to_owned(),
        };
        found.push((rank, Found { place: Place::Node(node.name.clone()), title: node.name.clone(), detail }));
    }
    for (name, _) in pipeline.groups().filter(|(name, _)| has_all(&name.replace('_', " "))) {
        let (place, title) = (Place::Node(name.to_owned()), name.to_owned());
        found.push((0, Found { place, title, detail: texts::canvas::group().to_owned() }));
    }
    for (number, mark) in pipeline.marks().filter(|(_, mark)| has_all(&mark.text)) {
        let detail = match mark.kind {
            MarkKind::Frame => texts::canvas::frame(),
            MarkKind::Comment => texts::canvas::comment(),
        };
        let title = mark.text.lines().next().unwrap_or_default().to_owned();
        found.push((1, Found { place: Place::Mark(number), title, detail: detail.to_owned() }));
    }
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, found)| found).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::pipeline::Document;

    #[test]
    fn nodes_are_found_by_name_kind_and_parameter_in_this_order() {
        let text = r#"(version: 1, nodes: {
            "my_filter": (kind: "notch_filter", params: (freq: 50.0)),
            "reference": (kind: "common_reference"),
            "band": (kind: "bandpass_filter", params: (freq_min: 250.0)),
        }, wires: [], comments: [(text: "the filter was\nchosen by eye", position: (0, 0), size: (10, 10))])"#;
        let registry = crate::nodes::registry();
        let pipeline = Document::parse(text, "test", &registry).unwrap().pipeline;
        let titles = |query: &str| -> Vec<String> {
            found(&pipeline, &registry, query).into_iter().map(|found| found.title).collect()
        };
        assert_eq!(titles("filter"), ["my_filter", "band", "the filter was"]);
        assert_eq!(titles("cmr"), ["reference"]);
        assert_eq!(titles("250"), ["band"]);
        assert_eq!(titles("freq_min 250"), ["band"]);
        assert_eq!(found(&pipeline, &registry, "freq 50")[0].detail, "Notch filter · Freq: 50 Hz");
        // One that was left as it is.
        assert_eq!(titles("freq_max"), ["band"]);
        assert_eq!(found(&pipeline, &registry, "operator")[0].detail, "Common reference · Operator: Median");
        assert!(titles("").is_empty() && titles("nothing like it").is_empty());
    }
}
