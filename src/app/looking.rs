//! Which wire the viewer shows: chosen by hand, or following what runs.

use super::{App, panels, texts};
use crate::pipeline::PortType;

impl App {
    /// Shows what flows at an end.
    pub(super) fn look(&mut self, end: String) {
        let Some(end) = self.sheet.editor.flat_end(&end) else {
            self.toasts.info(texts::menus::nothing_comes_in());
            return;
        };
        self.sheet.look(end);
        if let Some(layout) = &mut self.layout {
            panels::bring_forward(layout, panels::Pane::Viewer);
        }
    }

    /// Looks at the traces a document starts from: they need no run.
    pub(super) fn look_at_source(&mut self) {
        let source = self.sheet.editor.pipeline().nodes().find_map(|node| {
            let known = self.registry.get(&node.kind)?;
            let port =
                known.outputs(&node.params).into_iter().find(|p| p.port_type == PortType::Recording)?;
            known.inputs(&node.params).is_empty().then(|| format!("{}.{}", node.name, port.name))
        });
        if let Some(end) = source {
            self.look(end);
        }
        self.sheet.follows = true;
    }

    /// Looks at spikes as they arrive, where the user has chosen nothing else.
    pub(super) fn follow(&mut self, started: &str) {
        let Some(instance) = self.sheet.editor.pipeline().node(started).filter(|_| self.sheet.follows) else {
            return;
        };
        let Some(known) = self.registry.get(&instance.kind) else { return };
        let takes_traces = known.inputs(&instance.params).iter().any(|p| p.port_type == PortType::Recording);
        let outputs = known.outputs(&instance.params);
        let spikes = outputs
            .iter()
            .find(|p| takes_traces && matches!(p.port_type, PortType::Sorting | PortType::Peaks));
        let end = spikes.map(|port| format!("{started}.{}", port.name));
        // Of many items the first has shown it already.
        if let Some(end) = end.filter(|end| self.looked_at() != Some(end.as_str())) {
            self.look(end);
        }
    }

    /// Looks at the selected wire, or at the first output of the selected node.
    pub(super) fn look_at_selection(&mut self) {
        self.sheet.follows = false;
        if let Some((from, _)) = self.sheet.editor.selected_wire.clone() {
            self.look(from);
            return;
        }
        let Some(node) = self.sheet.editor.single_selection() else { return };
        let outputs = self.kinds().get(&node.kind).map_or_else(Vec::new, |n| n.outputs(&node.params));
        if let Some(port) = outputs.first() {
            self.look(format!("{}.{}", node.name, port.name));
        }
    }
}
