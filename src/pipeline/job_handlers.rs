//! The job handler file of sortingview, as far as it limits how much runs at a time.

use super::TaskClass;
use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};
use std::collections::BTreeMap;

/// The class a job of sortingview is of here.
fn class_of(job: &str) -> Option<TaskClass> {
    Some(match job {
        "sorting" | "sort" => TaskClass::Sort,
        "metrics" => TaskClass::Metrics,
        "waveforms" | "extract_snippets" => TaskClass::Waveforms,
        "correlograms" => TaskClass::Correlograms,
        "timeseries" => TaskClass::Traces,
        "misc" | "clusters" => TaskClass::Other,
        _ => return None,
    })
}

/// Workers of each class: `job_handlers`, in it a job, in it `num_workers` or `params` with it. Jobs that are none of
/// ours, such as those of other programs, limit nothing here.
///
/// # Errors
/// Where it is no YAML, has no job handlers, or a number is none: says the line and the field.
pub(super) fn job_handlers(text: &str) -> Result<BTreeMap<TaskClass, usize>, String> {
    let documents = MarkedYaml::load_from_str(text).map_err(|error| {
        let at = error.marker();
        format!("line {}, column {}: this is no YAML: {}", at.line(), at.col() + 1, error.info())
    })?;
    let handlers = documents.first().and_then(|top| top.data.as_mapping_get("job_handlers"));
    let handlers = handlers.ok_or("no job_handlers: in it; this is no job handler file of sortingview")?;
    let mut found: BTreeMap<TaskClass, usize> = BTreeMap::new();
    for (job, handler) in fields(handlers, "job_handlers", "jobs such as metrics")? {
        let Some((job, class)) = job.data.as_str().and_then(|job| Some((job, class_of(job)?))) else {
            continue;
        };
        let mut place = format!("job_handlers.{job}");
        fields(handler, &place, "type and params")?;
        let mut holder = handler;
        if let Some(params) = handler.data.as_mapping_get("params") {
            place.push_str(".params");
            fields(params, &place, "fields such as num_workers")?;
            holder = params;
        }
        let number = holder.data.as_mapping_get("num_workers").or(handler.data.as_mapping_get("num_workers"));
        let Some(number) = number else { continue };
        let count = number.data.as_integer().and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
        let count =
            count.ok_or_else(|| wrong(number, &format!("{place}.num_workers"), "a whole number from 1"))?;
        let most = found.get(&class).copied().unwrap_or(0).max(count);
        found.insert(class, most);
    }
    Ok(found)
}

/// The fields of a mapping; of nothing, none.
fn fields<'y>(
    node: &'y MarkedYaml<'y>,
    place: &str,
    expected: &str,
) -> Result<Vec<(&'y MarkedYaml<'y>, &'y MarkedYaml<'y>)>, String> {
    match &node.data {
        YamlData::Mapping(fields) => Ok(fields.iter().collect()),
        YamlData::Value(Scalar::Null) => Ok(Vec::new()),
        _ => Err(wrong(node, place, expected)),
    }
}

fn wrong(node: &MarkedYaml, place: &str, expected: &str) -> String {
    let found = match &node.data {
        YamlData::Value(Scalar::String(text)) => format!("\"{text}\""),
        YamlData::Value(Scalar::Integer(number)) => number.to_string(),
        YamlData::Value(Scalar::FloatingPoint(number)) => number.to_string(),
        YamlData::Value(Scalar::Boolean(truth)) => truth.to_string(),
        YamlData::Value(Scalar::Null) => "nothing".to_owned(),
        YamlData::Sequence(_) => "a list".to_owned(),
        YamlData::Mapping(_) => "fields".to_owned(),
        _ => "a value of another kind".to_owned(),
    };
    format!("line {}: {place}: {expected} expected, not {found}", node.span.start.line())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn job_handlers_of_sortingview_are_read() {
        let text = "# ours\njob_handlers:\n    correlograms:\n        type: parallel\n        params:\n            num_workers: 4\n    \
                    timeseries:\n        type: parallel\n        params:\n            num_workers: 2 # few\n    unknown:\n        params:\n            \
                    num_workers: 9\n    extract_snippets: \n        params:\n            num_workers: 3\n    metrics:\nother:\n  num_workers: 7\n";
        let expected = [(TaskClass::Waveforms, 3), (TaskClass::Correlograms, 4), (TaskClass::Traces, 2)];
        assert_eq!(job_handlers(text).unwrap(), BTreeMap::from(expected));
    }

    #[test]
    fn however_it_is_written() {
        let sort = BTreeMap::from([(TaskClass::Sort, 2)]);
        for text in [
            "{job_handlers: {sorting: {type: parallel, params: {num_workers: 2}}}}",
            "{\"job_handlers\": {\"sorting\": {\"params\": {\"num_workers\": 2}}}}",
            "---\n'job_handlers' :\n  sorting: {num_workers: 2}\n...\n",
            "usual: &usual\n  num_workers: 2\njob_handlers:\n  sorting:\n    params: *usual\n",
            "job_handlers:\n  ? sorting\n  : params:\n      # two\n      num_workers: !!int 2\n",
        ] {
            assert_eq!(job_handlers(text), Ok(sort.clone()), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line_and_field() {
        for (text, words) in [
            ("jobs:\n  a: 1\n", "no job_handlers"),
            ("", "no job_handlers"),
            (
                "job_handlers:\n  metrics:\n    num_workers: many\n",
                "line 3: job_handlers.metrics.num_workers: a whole",
            ),
            (
                "job_handlers: {metrics: {params: {num_workers: 0}}}",
                "line 1: job_handlers.metrics.params.num_workers",
            ),
            ("job_handlers: {metrics: {num_workers: 1.5}}", "expected, not 1.5"),
            ("job_handlers: 3", "line 1: job_handlers: jobs such as metrics expected, not 3"),
            (
                "job_handlers:\n  sort: local\n",
                "line 2: job_handlers.sort: type and params expected, not \"local\"",
            ),
            ("job_handlers: {a: [1, 2\nb: 3", "this is no YAML"),
        ] {
            let said = job_handlers(text).unwrap_err();
            assert!(said.contains(words), "{text}: {said}");
        }
    }
}
