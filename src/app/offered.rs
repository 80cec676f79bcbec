//! Parameters that a node offers beyond those it declares, as fields of the inspector.

use super::{App, command::Command, text, texts, theme};
use crate::pipeline::{DynNode, NodeInstance, Offered, ParamKind, ParamSpec, value_at};
use egui::Ui;

/// All parameters of a node as far as they are known: those it declares or offers instead, and in the place of a map the
/// fields that are offered for it.
pub fn specs_of<'a>(node: &'a dyn DynNode, offered: &'a Offered) -> Vec<&'a ParamSpec> {
    let mut all = Vec::new();
    for spec in node.specs() {
        let of_map = |own: &&ParamSpec| own.name.split_once('.').is_some_and(|(field, _)| field == spec.name);
        let mut own = offered.specs().iter().filter(of_map).peekable();
        if spec.kind == ParamKind::Fields && own.peek().is_some() {
            all.extend(own);
        } else if spec.kind == ParamKind::Fields && matches!(offered, Offered::Known(_)) {
            // There is nothing to set.
        } else {
            all.push(offered.specs().iter().find(|own| own.name == spec.name).unwrap_or(spec));
        }
    }
    all
}

/// True where a parameter was given another value than its default.
pub fn is_changed(spec: &ParamSpec, instance: &NodeInstance) -> bool {
    value_at(&instance.params, &spec.name).is_some_and(|value| *value != spec.default)
}

impl App {
    /// What is known of the parameters a node offers.
    pub(super) fn offered(&self, node: &str) -> Offered {
        self.sheet.offers.get(node).cloned().unwrap_or_default()
    }

    /// Fields in their order; those with a dot after the first `depth` parts of their names lie folded in groups.
    pub(super) fn params_tree(
        &self,
        ui: &mut Ui,
        specs: &[&ParamSpec],
        depth: usize,
        instance: &NodeInstance,
        commands: &mut Vec<Command>,
    ) {
        let group = |spec: &ParamSpec| {
            let mut parts = spec.name.split('.').skip(depth);
            parts.next().filter(|_| depth > 0 && parts.next().is_some()).map(str::to_owned)
        };
        for run in specs.chunk_by(|a, b| a.name.contains('.') == b.name.contains('.')) {
            let is_offered = run[0].name.contains('.');
            if is_offered && depth == 0 {
                self.offered_ui(ui, &self.offered(&instance.name));
                self.params_tree(ui, run, 1, instance, commands);
                continue;
            }
            for run in run.chunk_by(|a, b| group(a).is_some() && group(a) == group(b)) {
                let Some(name) = group(run[0]) else {
                    for spec in run {
                        if spec.kind == ParamKind::Fields {
                            self.offered_ui(ui, &self.offered(&instance.name));
                        }
                        self.param(ui, spec, instance, commands);
                    }
                    continue;
                };
                let changed = run.iter().filter(|spec| is_changed(spec, instance)).count();
                let mut title = text::sentence(&name);
                if changed > 0 {
                    title.push_str(&texts::inspector::and_changed(&changed));
                }
                let id = (&instance.name, depth, &name);
                egui::CollapsingHeader::new(title).id_salt(id).default_open(changed > 0).show(ui, |ui| {
                    self.params_tree(ui, run, depth + 1, instance, commands);
                });
            }
        }
    }

    /// Where the fields of a map come from, or why there are none.
    pub(super) fn offered_ui(&self, ui: &mut Ui, offered: &Offered) {
        match offered {
            Offered::Nothing => {}
            Offered::Unasked => {
                ui.horizontal(|ui| {
                    ui.spinner();
                    ui.weak(texts::inspector::asking_for_its_parameters());
                });
            }
            Offered::Known(offer) if offer.source.is_empty() => {}
            Offered::Known(offer) => {
                ui.label(egui::RichText::new(texts::inspector::parameters_of(&offer.source)).small().weak());
            }
            Offered::Failed(reason) => {
                let p = theme::palette(ui.visuals());
                ui.colored_label(p.warn, text::sentence_of(reason));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Offer;
    use serde_json::json;

    #[test]
    fn what_is_offered_stands_in_the_place_of_what_is_declared() {
        let registry = crate::nodes::registry();
        let Some(node) = registry.get("spikeinterface_sorter") else { panic!("no such node") };
        let names = |offered: &Offered| {
            specs_of(&**node, offered).iter().map(|spec| spec.name.clone()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(names(&Offered::Unasked), "sorter parameters python timeout_s");
        let specs = ["sorter", "parameters.a", "parameters.b.c"];
        let specs = specs.map(|name| ParamSpec::plain(name, ParamKind::Float, json!(1.0)));
        let known = Offered::Known(Offer { specs: specs.to_vec(), ..Offer::default() }.into());
        assert_eq!(names(&known), "sorter parameters.a parameters.b.c python timeout_s");
        let is_offered = specs_of(&**node, &known)[0].kind == ParamKind::Float;
        assert!(is_offered, "the declared one is replaced");
    }
}
