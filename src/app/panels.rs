//! The panels and how they dock.

use super::{App, command::Command, texts, theme};
use egui::{Color32, Stroke, Ui, Visuals, WidgetText};
use egui_tiles::{
    Behavior, Container, Linear, LinearDir, Shares, TabState, Tile, TileId, Tiles, Tree, UiResponse,
};
use serde::{Deserialize, Serialize};

/// A panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pane {
    /// The list of nodes.
    Nodes,
    /// The canvas.
    Canvas,
    /// Parameters of the selection.
    Inspector,
    /// What flows on a wire.
    Viewer,
}

/// Narrowest that the inspector is drawn: its fields and their labels are to be read.
const INSPECTOR: f32 = 244.0;

/// The panels as they are at first.
pub fn default_layout() -> Tree<Pane> {
    let mut tiles = Tiles::default();
    let mut tab = |pane| {
        let pane = tiles.insert_pane(pane);
        tiles.insert_tab_tile(vec![pane])
    };
    let (nodes, canvas, inspector, viewer) =
        (tab(Pane::Nodes), tab(Pane::Canvas), tab(Pane::Inspector), tab(Pane::Viewer));
    let mut upper = Linear::new(LinearDir::Horizontal, vec![nodes, canvas, inspector]);
    for (tile, share) in [(nodes, 0.125), (canvas, 0.665), (inspector, 0.21)] {
        upper.shares.set_share(tile, share);
    }
    let upper = tiles.insert_container(Container::Linear(upper));
    let mut all = Linear::new(LinearDir::Vertical, vec![upper, viewer]);
    all.shares.set_share(upper, 0.56);
    all.shares.set_share(viewer, 0.44);
    let root = tiles.insert_container(Container::Linear(all));
    Tree::new(egui::Id::unique("panels"), root, tiles)
}

/// The panels with most of the room for what is looked at; nodes lie behind the canvas.
pub fn inspect_layout() -> Tree<Pane> {
    let mut tiles = Tiles::default();
    let [nodes, canvas, inspector, viewer] =
        [Pane::Nodes, Pane::Canvas, Pane::Inspector, Pane::Viewer].map(|pane| tiles.insert_pane(pane));
    let drawn = tiles.insert_tab_tile(vec![canvas, nodes]);
    let [inspector, viewer] = [inspector, viewer].map(|pane| tiles.insert_tab_tile(vec![pane]));
    let mut upper = Linear::new(LinearDir::Horizontal, vec![drawn, inspector]);
    upper.shares.set_share(drawn, 0.79);
    upper.shares.set_share(inspector, 0.21);
    let upper = tiles.insert_container(Container::Linear(upper));
    let mut all = Linear::new(LinearDir::Vertical, vec![upper, viewer]);
    all.shares.set_share(upper, 0.26);
    all.shares.set_share(viewer, 0.74);
    let root = tiles.insert_container(Container::Linear(all));
    Tree::new(egui::Id::unique("panels"), root, tiles)
}

/// True where a remembered layout has every panel once.
pub fn is_whole(tree: &Tree<Pane>) -> bool {
    let panes = [Pane::Nodes, Pane::Canvas, Pane::Inspector, Pane::Viewer];
    let count = |wanted| {
        tree.tiles.tiles().filter(|tile| matches!(tile, Tile::Pane(pane) if *pane == wanted)).count()
    };
    panes.into_iter().all(|pane| count(pane) == 1)
}

/// Brings a panel to the front where it lies behind others.
pub fn bring_forward(tree: &mut Tree<Pane>, wanted: Pane) {
    tree.make_active(|_, tile| matches!(tile, Tile::Pane(pane) if *pane == wanted));
}

/// Draws the panels; the commands that come of them.
pub fn show(app: &mut App, ui: &mut Ui) -> Vec<Command> {
    let mut commands = Vec::new();
    if let Some(pane) = app.maximised {
        let mut panels = Panels { app, commands: Vec::new(), toggled: None };
        let toggled = panels.maximised_ui(ui, pane);
        commands.append(&mut panels.commands);
        if toggled {
            app.maximised = None;
        }
        return commands;
    }
    // Taken out for the time of drawing: panels draw with the rest of the app at hand.
    let Some(mut layout) = app.layout.take() else { return commands };
    let widened = widen_inspector(&mut layout, ui.available_width());
    let mut panels = Panels { app, commands: Vec::new(), toggled: None };
    layout.ui(&mut panels, ui);
    commands.append(&mut panels.commands);
    let toggled = panels.toggled;
    if let Some((row, before, drawn)) = widened
        && let Some(Tile::Container(Container::Linear(row))) = layout.tiles.get_mut(row)
        && row.shares == drawn
    {
        row.shares = before;
    }
    app.layout = Some(layout);
    if toggled.is_some() {
        app.maximised = toggled;
    }
    commands
}

/// Gives the inspector the room that its fields need where the window is narrow: the row it stands in, the shares to be
/// put back once it is drawn, unless they were changed by hand, and those it is drawn with.
fn widen_inspector(tree: &mut Tree<Pane>, width: f32) -> Option<(TileId, Shares, Shares)> {
    let pane = tree.tiles.find_pane(&Pane::Inspector)?;
    let column = tree.tiles.parent_of(pane)?;
    let row = tree.tiles.parent_of(column)?;
    let Some(Tile::Container(Container::Linear(linear))) = tree.tiles.get_mut(row) else { return None };
    let (own, needed) = (linear.shares[column], INSPECTOR / width);
    let others: f32 =
        linear.children.iter().filter(|child| **child != column).map(|child| linear.shares[*child]).sum();
    let fits = own / (own + others) >= needed;
    if linear.dir != LinearDir::Horizontal || fits || needed > 0.4 {
        return None;
    }
    let before = linear.shares.clone();
    linear.shares.set_share(column, others * needed / (1.0 - needed));
    Some((row, before, linear.shares.clone()))
}

struct Panels<'a> {
    app: &'a mut App,
    commands: Vec<Command>,
    toggled: Option<Pane>,
}

impl Panels<'_> {
    fn pane(&mut self, ui: &mut Ui, pane: Pane) {
        let p = theme::palette(ui.visuals());
        match pane {
            Pane::Canvas => {
                let commands = self.app.canvas_ui(ui);
                self.commands.extend(commands);
            }
            Pane::Viewer => {
                let asked = egui::Frame::NONE.fill(p.panel).show(ui, |ui| self.app.viewer_ui(ui)).inner;
                self.commands.extend(asked);
            }
            Pane::Nodes | Pane::Inspector => {
                egui::Frame::NONE.fill(p.panel).inner_margin(8).show(ui, |ui| {
                    ui.set_min_size(ui.available_size());
                    let commands = match pane {
                        Pane::Nodes => {
                            self.app.palette.ui(ui, &self.app.registry, &self.app.settings.recent_data)
                        }
                        _ => self.app.inspector_ui(ui),
                    };
                    self.commands.extend(commands);
                });
            }
        }
    }

    fn maximised_ui(&mut self, ui: &mut Ui, pane: Pane) -> bool {
        let p = theme::palette(ui.visuals());
        let mut back = false;
        egui::Panel::top("maximised").frame(egui::Frame::NONE.fill(p.bar).inner_margin(4)).show(ui, |ui| {
            ui.horizontal(|ui| {
                let title = egui::RichText::new(self.title(pane)).strong();
                let title = ui.add(egui::Label::new(title).sense(egui::Sense::click()));
                back =
                    ui.small_button(texts::menus::back_to_all_panels()).clicked() || title.double_clicked();
            });
        });
        egui::CentralPanel::no_frame().show(ui, |ui| self.pane(ui, pane));
        back
    }

    fn title(&self, pane: Pane) -> String {
        match pane {
            Pane::Nodes => texts::menus::nodes().to_owned(),
            Pane::Inspector => texts::menus::inspector().to_owned(),
            Pane::Canvas => {
                let mark = if self.app.sheet.editor.is_dirty() { " •" } else { "" };
                format!("{}{mark}", self.app.sheet.editor.title())
            }
            Pane::Viewer => match &self.app.sheet.editor.looked_at {
                Some(end) => texts::menus::viewer_end(&end),
                None => texts::menus::viewer().to_owned(),
            },
        }
    }
}

impl Behavior<Pane> for Panels<'_> {
    fn pane_ui(&mut self, ui: &mut Ui, _: TileId, pane: &mut Pane) -> UiResponse {
        self.pane(ui, *pane);
        UiResponse::None
    }

    fn tab_title_for_pane(&mut self, pane: &Pane) -> WidgetText {
        egui::RichText::new(self.title(*pane)).size(12.0).into()
    }

    fn on_tab_button(
        &mut self,
        tiles: &mut Tiles<Pane>,
        tile: TileId,
        button: egui::Response,
    ) -> egui::Response {
        if button.double_clicked()
            && let Some(pane) = tiles.get_pane(&tile)
        {
            self.toggled = Some(*pane);
        }
        button
    }

    fn tab_bar_height(&self, _: &egui::Style) -> f32 {
        22.0
    }

    fn gap_width(&self, _: &egui::Style) -> f32 {
        2.0
    }

    fn min_size(&self) -> f32 {
        60.0
    }

    fn tab_bar_color(&self, visuals: &Visuals) -> Color32 {
        theme::palette(visuals).bar
    }

    fn tab_bar_hline_stroke(&self, visuals: &Visuals) -> Stroke {
        Stroke::new(1.0, theme::palette(visuals).line)
    }

    fn tab_bg_color(&self, visuals: &Visuals, _: &Tiles<Pane>, _: TileId, state: &TabState) -> Color32 {
        if state.active { theme::palette(visuals).panel } else { Color32::TRANSPARENT }
    }

    fn tab_outline_stroke(&self, _: &Visuals, _: &Tiles<Pane>, _: TileId, _: &TabState) -> Stroke {
        Stroke::NONE
    }

    fn tab_text_color(&self, visuals: &Visuals, _: &Tiles<Pane>, _: TileId, state: &TabState) -> Color32 {
        let p = theme::palette(visuals);
        if state.active { p.text } else { p.text_weak }
    }

    fn resize_stroke(&self, style: &egui::Style, state: egui_tiles::ResizeState) -> Stroke {
        let p = theme::palette(&style.visuals);
        match state {
            egui_tiles::ResizeState::Idle => Stroke::new(2.0, p.bar),
            _ => Stroke::new(2.0, p.accent),
        }
    }

    fn drag_preview_stroke(&self, visuals: &Visuals) -> Stroke {
        Stroke::new(1.5, theme::palette(visuals).accent)
    }

    fn drag_preview_color(&self, visuals: &Visuals) -> Color32 {
        theme::palette(visuals).accent.gamma_multiply(0.25)
    }

    fn simplification_options(&self) -> egui_tiles::SimplificationOptions {
        egui_tiles::SimplificationOptions { all_panes_must_have_tabs: true, ..Default::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_arrangement_has_every_panel_once() {
        assert!(is_whole(&default_layout()));
        assert!(is_whole(&inspect_layout()));
        let mut less = default_layout();
        let viewer = less.tiles.find_pane(&Pane::Viewer);
        assert!(viewer.is_some());
        less.tiles.remove(viewer.unwrap_or(TileId::from_u64(0)));
        assert!(!is_whole(&less));
    }
}
