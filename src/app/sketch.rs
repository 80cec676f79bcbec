//! Small pictures of pipelines: a block for each node in the colour of its category, a line for each wire.

use super::theme;
use crate::pipeline::{Category, Pipeline, PortType, Registry};
use egui::{Pos2, Rect, Stroke, Ui, Vec2, pos2, vec2};

/// Size of a node in canvas units, whatever it shows.
const NODE: Vec2 = vec2(180.0, 92.0);

/// The outline of a pipeline, to be drawn at any size.
#[derive(Clone, Debug, Default)]
pub struct Sketch {
    /// Corners in canvas units, and categories where kinds are known.
    nodes: Vec<(Pos2, Option<Category>)>,
    /// Indices of both ends, and what flows where that is known.
    wires: Vec<(usize, usize, Option<PortType>)>,
}

impl Sketch {
    /// Takes the outline of a pipeline.
    pub fn new(pipeline: &Pipeline, registry: &Registry) -> Self {
        // Groups are one block each.
        let picture = pipeline.groups().next().map(|_| pipeline.picture(registry, ""));
        let (pipeline, registry) =
            picture.as_ref().map_or((pipeline, registry), |picture| (&picture.pipeline, &*picture.registry));
        let known: Vec<_> = pipeline.nodes().collect();
        let at = |name: &str| known.iter().position(|node| node.name == name);
        let category = |kind: &str| registry.get(kind).map(|node| node.info().category);
        let nodes = known.iter().map(|n| (pos2(n.position[0], n.position[1]), category(&n.kind)));
        let port_type = |node: usize, port: &str| {
            let outputs = registry.get(&known[node].kind)?.outputs(&known[node].params);
            outputs.into_iter().find(|p| p.name == port).map(|p| p.port_type)
        };
        let wires = pipeline.wires().into_iter().filter_map(|(from, port, to, _)| {
            let (from, to) = (at(from)?, at(to)?);
            Some((from, to, port_type(from, port)))
        });
        Self { wires: wires.collect(), nodes: nodes.collect() }
    }

    /// Draws it in the middle of a rectangle, as large as fits.
    pub fn draw(&self, ui: &Ui, rect: Rect) {
        let p = theme::palette(ui.visuals());
        let boxes = self.nodes.iter().map(|(corner, _)| Rect::from_min_size(*corner, NODE));
        let world = boxes.fold(Rect::NOTHING, Rect::union);
        if !world.is_positive() {
            return;
        }
        // Few nodes are not drawn larger than many.
        let scale = (rect.size() / world.size()).min_elem().min(0.22);
        let place = |at: Pos2| rect.center() + (at - world.center()) * scale;
        let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
        for (from, to, port_type) in &self.wires {
            let from = place(self.nodes[*from].0 + vec2(NODE.x, NODE.y / 2.0));
            let to = place(self.nodes[*to].0 + vec2(0.0, NODE.y / 2.0));
            let reach = vec2(((to.x - from.x) / 2.0).max(8.0), 0.0);
            let color = port_type.map_or(p.text_weak, |t| theme::port_color(t, ui.visuals()));
            let stroke = Stroke::new(1.2, color.gamma_multiply(0.8));
            let points = [from, from + reach, to - reach, to];
            let fill = egui::Color32::TRANSPARENT;
            painter.add(egui::epaint::CubicBezierShape::from_points_stroke(points, false, fill, stroke));
        }
        for (corner, category) in &self.nodes {
            let rect = Rect::from_min_size(place(*corner), NODE * scale);
            let color = category.map_or(p.bad, |c| theme::category_color(c, ui.visuals()));
            painter.rect(rect, 2.0, p.node, Stroke::new(1.0, p.node_edge), egui::StrokeKind::Inside);
            let bar = Rect::from_min_size(rect.min, vec2(3.0, rect.height()));
            painter.rect_filled(bar, 1.0, color);
            let line = Rect::from_min_size(rect.min + vec2(7.0, 5.0), vec2(rect.width() * 0.5, 2.0));
            painter.rect_filled(line, 1.0, color.gamma_multiply(0.7));
        }
    }
}
