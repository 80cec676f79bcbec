//! The parameters in the body of a node, to be changed in place by the fields the inspector has.

use super::{
    face::{Face, Row},
    node::step,
    seen::Seen,
    view::View,
};
use crate::app::{command::Command, fields, theme};
use egui::{Align, Color32, FontId, Layout, Rect, Stroke, Style, TextStyle, Ui, UiBuilder, vec2};

/// Below it values are only read.
pub const MIN_ZOOM: f32 = 0.6;

/// Draws the fields of a node over its body; `faded` where it does not run.
pub fn fields(
    ui: &mut Ui,
    view: &View,
    item: &Seen<'_>,
    face: &Face,
    faded: bool,
    gesture: u64,
    commands: &mut Vec<Command>,
) {
    let (node, rect) = (item.node, item.rect);
    for (index, row) in face.rows.iter().enumerate() {
        let line = face.row_rect(index);
        let line = Rect::from_min_size(rect.min + line.min.to_vec2() * view.zoom, line.size() * view.zoom);
        if !line.intersects(view.rect) {
            continue;
        }
        // The label keeps its third.
        let room = Rect::from_min_max(line.min + vec2(line.width() * 0.34, 0.0), line.max);
        let salt = ("node_field", &node.name, &row.spec.name);
        let layout = Layout::right_to_left(Align::Center);
        let mut ui = ui.new_child(UiBuilder::new().id_salt(salt).max_rect(room).layout(layout));
        ui.set_clip_rect(room.expand(2.0 * view.zoom).intersect(ui.clip_rect()));
        scale(ui.style_mut(), view.zoom, row);
        if faded {
            ui.multiply_opacity(0.4);
        }
        let set = node.params.get(&row.spec.name);
        if let Some(change) = fields::compact(&mut ui, &node.name, &row.spec, set) {
            commands.push(Command::Select(vec![node.name.clone()]));
            commands.push(change.command(node, &row.spec, gesture));
        }
    }
}

/// The style of a field at a zoom: as quiet as text until the pointer comes.
fn scale(style: &mut Style, zoom: f32, row: &Row) {
    let p = theme::palette(&style.visuals);
    for text in [TextStyle::Body, TextStyle::Button, TextStyle::Small] {
        style.text_styles.insert(text, FontId::proportional(step(11.0 * zoom)));
    }
    style.drag_value_text_style = TextStyle::Body;
    let spacing = &mut style.spacing;
    spacing.button_padding = vec2(4.0, 0.5) * zoom;
    spacing.interact_size = vec2(16.0, 15.0) * zoom;
    spacing.item_spacing = vec2(3.0, 0.0) * zoom;
    spacing.icon_width = 12.0 * zoom;
    spacing.icon_width_inner = 7.0 * zoom;
    spacing.icon_spacing = 3.0 * zoom;
    spacing.combo_width = 0.0;
    let text = if row.is_set { p.text_strong } else { p.text };
    let resting = &mut style.visuals.widgets.inactive;
    resting.weak_bg_fill = Color32::TRANSPARENT;
    resting.fg_stroke = Stroke::new(1.0, text);
}
