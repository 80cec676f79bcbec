//! Reads the parameters of a node from RON text, as far as they can be read, and says where they cannot.

use super::{
    ParamProblem, Params,
    check::{accepted, unknown_field},
    node::DynNode,
    params::ron_options,
    raw::{RawStruct, position, shift},
};

/// Parameters from text.
pub(super) struct ReadParams {
    /// Those that could be read.
    pub params: Params,
    /// True where all could be read, so that the text need not be kept.
    pub whole: bool,
    /// What is wrong, with the line and column within the text.
    pub problems: Vec<((usize, usize), ParamProblem)>,
}

/// Reads `(freq_min: 300.0)`; with a wrong field the others are still read.
pub(super) fn read_params(node: &dyn DynNode, text: &str) -> ReadParams {
    let fields = ron_options().from_str::<RawStruct>(text).map(|fields| fields.0);
    match node.params_from_ron(text) {
        Ok(params) => {
            let fields = fields.unwrap_or_default();
            let at = |field: &str| {
                let piece = fields.iter().find(|(name, _)| *name == field).map_or(text, |(name, _)| name);
                position(text, piece)
            };
            let problems = node.check(&params).into_iter().map(|p| (at(&p.field), p)).collect();
            ReadParams { params, whole: true, problems }
        }
        Err(error) => {
            let mut read = ReadParams { params: Params::new(), whole: false, problems: Vec::new() };
            match fields {
                Err(syntax) => {
                    let at = shift((1, 1), syntax.span.start);
                    let message =
                        format!("the parameters are not of the form (name: value): {}", syntax.code);
                    read.problems.push((at, ParamProblem { field: String::new(), message }));
                }
                Ok(fields) => {
                    one_by_one(node, text, &fields, &mut read);
                    if read.problems.is_empty() {
                        let at = shift((1, 1), error.span.start);
                        let message = error.code.to_string();
                        read.problems.push((at, ParamProblem { field: String::new(), message }));
                    }
                }
            }
            read
        }
    }
}

fn one_by_one(
    node: &dyn DynNode,
    text: &str,
    fields: &[(&str, &ron::value::RawValue)],
    read: &mut ReadParams,
) {
    for (index, (name, value)) in fields.iter().enumerate() {
        let mut wrong = |piece: &str, message: String| {
            let problem = ParamProblem { field: (*name).to_owned(), message };
            read.problems.push((position(text, piece), problem));
        };
        let value = value.get_ron();
        if fields.iter().take(index).any(|(earlier, _)| earlier == name) {
            wrong(name, "is given twice".to_owned());
            continue;
        }
        let single = node.params_from_ron(&format!("({name}: {value}\n)"));
        match (single, node.specs().iter().find(|spec| spec.name == *name)) {
            (Ok(params), _) => {
                for problem in node.check(&params).into_iter().filter(|p| p.field == *name) {
                    wrong(name, problem.message);
                }
                read.params.extend(params);
            }
            (Err(_), Some(spec)) => {
                wrong(value, format!("{value} does not fit; accepted: {}", accepted(spec)));
            }
            (Err(_), None) => wrong(name, unknown_field(node.specs(), name)),
        }
    }
}
