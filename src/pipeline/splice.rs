//! Nodes put into wires, taken out of a row of steps, and put before others.

use super::{
    edit::{Edit, PipelineError},
    graph::{NodeInstance, Pipeline},
    group::{level_of, name_in},
    params::Params,
    port::Port,
    registry::Registry,
};

impl Pipeline {
    /// The edit that puts a node of the pipeline into a wire, by an input and an output that are free.
    ///
    /// # Errors
    /// Where it has no such ports, or a loop would close.
    pub fn splice_edit(
        &self,
        registry: &Registry,
        name: &str,
        from: &str,
        to: &str,
    ) -> Result<Edit, PipelineError> {
        let refuse = |text: String| Err(PipelineError(text));
        let (Some(instance), Some(port_type)) = (self.node(name), self.carries(registry, from)) else {
            return refuse(format!("there is no node \"{name}\", or nothing leaves by {from}"));
        };
        let Some(node) = registry.get(&instance.kind) else {
            return refuse(format!("the kind \"{}\" of {name} is not known", instance.kind));
        };
        let wires = self.wires();
        let free = |p: &Port, is_input: bool| {
            p.port_type == port_type
                && !wires.iter().any(|w| {
                    if is_input { (w.2, w.3) == (name, p.name) } else { (w.0, w.1) == (name, p.name) }
                })
        };
        let inputs = node.inputs(&instance.params);
        let input = inputs.iter().filter(|p| free(p, true)).min_by_key(|p| p.optional);
        let outputs = node.outputs(&instance.params);
        let output = outputs.iter().find(|p| free(p, false));
        let (Some(input), Some(output)) = (input, output) else {
            return refuse(format!("{name} has no free {port_type} input and output to go into this wire"));
        };
        let (entry, exit) = (format!("{name}.{}", input.name), format!("{name}.{}", output.name));
        let mut scratch = self.clone();
        let mut edits = vec![Edit::Disconnect(from.to_owned(), to.to_owned())];
        scratch.apply(edits[0].clone())?;
        for (a, b) in [(from, entry.as_str()), (exit.as_str(), to)] {
            scratch.can_connect(registry, a, b)?;
            let connect = Edit::Connect(a.to_owned(), b.to_owned());
            scratch.apply(connect.clone())?;
            edits.push(connect);
        }
        Ok(Edit::Batch(edits))
    }

    /// The kinds that could go into a wire.
    pub fn kinds_for_wire(&self, registry: &Registry, from: &str) -> Vec<&'static str> {
        let Some(port_type) = self.carries(registry, from) else { return Vec::new() };
        let has = |ports: &[Port]| ports.iter().any(|p| p.port_type == port_type);
        let infos = registry.iter().map(|node| node.info());
        infos.filter(|info| has(info.inputs) && has(info.outputs)).map(|info| info.kind).collect()
    }

    /// The edit that puts a node of the pipeline into a wire, where what lies to the right makes room for it.
    ///
    /// # Errors
    /// As [`Self::splice_edit`].
    pub fn splice_with_room(
        &self,
        registry: &Registry,
        name: &str,
        from: &str,
        to: &str,
    ) -> Result<Edit, PipelineError> {
        let splice = self.splice_edit(registry, name, from, to)?;
        let wanted = self.node(name).map_or([0.0; 2], |node| node.position);
        let (place, mut moves) = self.room_between(name, wanted, node_of(from), node_of(to));
        moves.push((name.to_owned(), place));
        Ok(Edit::Batch(vec![splice, Edit::Move(moves)]))
    }

    /// The edit that puts a new node into a wire, and its name.
    ///
    /// # Errors
    /// As [`Self::splice_edit`].
    pub fn insert_edit(
        &self,
        registry: &Registry,
        kind: &str,
        position: [f32; 2],
        from: &str,
        to: &str,
    ) -> Result<(Edit, String), PipelineError> {
        let name = self.free_name(&name_in(level_of(node_of(from)), kind));
        let add = Edit::AddNode(NodeInstance::new(&name, kind, Params::new(), position));
        let mut with = self.clone();
        with.apply(add.clone())?;
        let splice = with.splice_with_room(registry, &name, from, to)?;
        Ok((Edit::Batch(vec![add, splice]), name))
    }

    /// The edit that removes a node and lets what enters it go on to where it led, as a bypass would.
    ///
    /// # Errors
    /// Where there is no such node, or nothing of one type enters and leaves it.
    pub fn take_out_edit(&self, registry: &Registry, name: &str) -> Result<Edit, PipelineError> {
        let (_, bridges) = self.bridges(registry, name)?;
        let mut edits = vec![Edit::RemoveNode(name.to_owned())];
        edits.extend(bridges);
        Ok(Edit::Batch(edits))
    }

    /// The edit that takes a node out of its row of steps and puts it before an earlier one. Both keep the places of
    /// the row.
    ///
    /// # Errors
    /// As [`Self::take_out_edit`] and [`Self::splice_edit`].
    pub fn put_before_edit(
        &self,
        registry: &Registry,
        name: &str,
        earlier: &str,
    ) -> Result<Edit, PipelineError> {
        let (entry, bridges) = self.bridges(registry, name)?;
        let own = self.wires();
        let own = own.iter().filter(|w| w.0 == name || (w.2 == name && format!("{}.{}", w.0, w.1) == entry));
        let carries = self.carries(registry, &entry);
        let off = own
            .filter(|w| self.carries(registry, &format!("{}.{}", w.0, w.1)) == carries)
            .map(|w| Edit::Disconnect(format!("{}.{}", w.0, w.1), format!("{}.{}", w.2, w.3)));
        let mut edits: Vec<Edit> = off.collect();
        edits.extend(bridges);
        let mut scratch = self.clone();
        scratch.apply(Edit::Batch(edits.clone()))?;
        let wires = scratch.wires();
        let enters = wires
            .iter()
            .find(|w| w.2 == earlier && scratch.carries(registry, &format!("{}.{}", w.0, w.1)) == carries);
        let Some((a, from, b, to)) = enters else {
            return Err(PipelineError(format!("nothing of this type enters {earlier}")));
        };
        edits.push(scratch.splice_edit(registry, name, &format!("{a}.{from}"), &format!("{b}.{to}"))?);
        edits.push(Edit::Move(self.rotated(name, earlier)));
        Ok(Edit::Batch(edits))
    }

    /// The end that feeds a node what also leaves it, and the wires that lead from there to where its output led.
    fn bridges(&self, registry: &Registry, name: &str) -> Result<(String, Vec<Edit>), PipelineError> {
        let refuse = |text: String| Err(PipelineError(text));
        let Some(instance) = self.node(name) else {
            return refuse(format!("there is no node \"{name}\""));
        };
        let Some(node) = registry.get(&instance.kind) else {
            return refuse(format!("the kind \"{}\" of {name} is not known", instance.kind));
        };
        let wires = self.wires();
        for output in node.outputs(&instance.params) {
            let inputs = node.inputs(&instance.params);
            let mut same = inputs.iter().filter(|input| input.port_type == output.port_type);
            let entering = same.find_map(|input| wires.iter().find(|w| (w.2, w.3) == (name, input.name)));
            let Some((a, from, ..)) = entering else { continue };
            let entry = format!("{a}.{from}");
            let leaving = wires.iter().filter(|w| (w.0, w.1) == (name, output.name));
            let bridges = leaving.map(|w| Edit::Connect(entry.clone(), format!("{}.{}", w.2, w.3))).collect();
            return Ok((entry, bridges));
        }
        refuse(format!("nothing of one type enters and leaves {name}"))
    }

    /// The places of the steps from `earlier` to `name`, with `name` first.
    fn rotated(&self, name: &str, earlier: &str) -> Vec<(String, [f32; 2])> {
        let leads = |from: &str, to: &str| match (self.index(from), self.index(to)) {
            (Some(a), Some(b)) => petgraph::algo::has_path_connecting(self.graph(), a, b, None),
            _ => false,
        };
        let row: Vec<&NodeInstance> =
            self.nodes().filter(|node| leads(earlier, &node.name) && leads(&node.name, name)).collect();
        // Who has fewer of the others before it comes first.
        let before = |node: &NodeInstance| row.iter().filter(|other| leads(&other.name, &node.name)).count();
        let mut order: Vec<(usize, &NodeInstance)> = row.iter().map(|&node| (before(node), node)).collect();
        order.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.name.cmp(&b.1.name)));
        let row: Vec<&NodeInstance> = order.into_iter().map(|(_, node)| node).collect();
        let places: Vec<[f32; 2]> = row.iter().map(|node| node.position).collect();
        let order = row.iter().filter(|n| n.name == name).chain(row.iter().filter(|n| n.name != name));
        order.map(|node| node.name.clone()).zip(places).collect()
    }
}

fn node_of(end: &str) -> &str {
    end.split_once('.').map_or("", |(node, _)| node)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::pipeline::toys::{self, chain, open};

    /// Three steps after a source, the last one leading on to two.
    fn row() -> Pipeline {
        open(
            r#""n": (kind: "numbers"), "a": (kind: "add", position: (100.0, 0.0)),
            "b": (kind: "add", position: (200.0, 0.0)), "c": (kind: "add", position: (300.0, 0.0)),
            "d": (kind: "add"), "e": (kind: "add")"#,
            r#"("n.table", "a.table"), ("a.table", "b.table"), ("b.table", "c.table"),
            ("c.table", "d.table"), ("c.table", "e.table")"#,
        )
    }

    #[test]
    fn a_node_goes_into_a_wire_and_back_out_by_undo() {
        let registry = crate::pipeline::toys::registry();
        let mut pipeline = chain();
        let before = pipeline.wires().len();
        let edit = pipeline.splice_edit(&registry, "b", "n.table", "a.table").unwrap();
        let undo = pipeline.apply(edit).unwrap();
        assert_eq!(pipeline.wires(), [("b", "table", "a", "table"), ("n", "table", "b", "table")]);
        // It is taken now: it fits into no other wire.
        let again = pipeline.splice_edit(&registry, "b", "n.table", "b.table").unwrap_err();
        assert!(again.0.contains("no free Table input"), "{again}");
        pipeline.apply(undo).unwrap();
        assert_eq!(pipeline.wires().len(), before);
    }

    #[test]
    fn what_entered_a_node_that_is_taken_out_goes_on_to_where_it_led() {
        let registry = toys::registry();
        let mut pipeline = row();
        let before = pipeline.wires().len();
        let undo = pipeline.apply(pipeline.take_out_edit(&registry, "c").unwrap()).unwrap();
        let wires = pipeline.wires();
        assert!(
            wires.contains(&("b", "table", "d", "table")) && wires.contains(&("b", "table", "e", "table"))
        );
        assert_eq!(wires.len(), 4);
        pipeline.apply(undo).unwrap();
        assert_eq!(pipeline.wires().len(), before);
        assert!(pipeline.take_out_edit(&registry, "n").is_err());
    }

    #[test]
    fn a_step_is_put_before_an_earlier_one_and_the_row_stays_a_row() {
        let registry = toys::registry();
        let mut pipeline = row();
        pipeline.apply(pipeline.put_before_edit(&registry, "c", "a").unwrap()).unwrap();
        assert_eq!(
            pipeline.wires(),
            [
                ("a", "table", "b", "table"),
                ("b", "table", "d", "table"),
                ("b", "table", "e", "table"),
                ("c", "table", "a", "table"),
                ("n", "table", "c", "table"),
            ]
        );
        let x = |name: &str| pipeline.node(name).unwrap().position[0];
        assert_eq!([x("c"), x("a"), x("b")], [100.0, 200.0, 300.0]);
    }
}
