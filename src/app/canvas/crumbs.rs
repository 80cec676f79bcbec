//! The way from the whole to the group that is drawn, at the top left: each step leads back there.

use super::{Canvas, Scene};
use crate::{
    app::{command::Command, text, texts, theme},
    pipeline::{leaf_of, level_of},
};
use egui::{Area, Frame, Id, Margin, Order, Role, Ui, WidgetInfo, vec2};

impl Canvas {
    pub(super) fn crumbs_ui(&self, ui: &Ui, scene: &Scene<'_>, commands: &mut Vec<Command>) {
        if scene.level.is_empty() {
            return;
        }
        let mut levels = vec![scene.level];
        while let Some(outer) = levels.last().map(|level| level_of(level)).filter(|outer| !outer.is_empty()) {
            levels.push(outer);
        }
        levels.push("");
        let p = theme::palette(ui.visuals());
        let place = self.view.rect.left_top() + vec2(10.0, 8.0);
        let area = Area::new(Id::unique("crumbs")).order(Order::Middle).fixed_pos(place);
        area.show(ui.ctx(), |ui| {
            let frame = Frame::NONE.fill(p.panel).corner_radius(5.0).inner_margin(Margin::symmetric(8, 3));
            frame.show(ui, |ui| {
                ui.horizontal(|ui| {
                    ui.spacing_mut().item_spacing.x = 4.0;
                    for level in levels.iter().rev() {
                        let words = match *level {
                            "" => scene.title.to_owned(),
                            level => text::sentence(leaf_of(level)),
                        };
                        if *level == scene.level {
                            ui.strong(words);
                            continue;
                        }
                        let link = ui.link(&words);
                        link.widget_info(|| {
                            WidgetInfo::labeled(Role::Link, true, texts::canvas::back_to(&words))
                        });
                        if link.on_hover_text(texts::canvas::back_to_this_level()).clicked() {
                            commands.push(Command::Enter((*level).to_owned()));
                        }
                        ui.weak("›");
                    }
                });
            });
        });
    }
}
