//! The rules: each looks at one step and says in a sentence what is wrong with it, with an edit that mends it.

use super::{Step, Steps};
use crate::{
    data::Remedy,
    io::probe::bundled,
    pipeline::{Act, Edit, Params, Problem, Severity, Work},
};

/// A rule: what it says of a step, where it says something.
pub(super) type Rule = fn(&Steps<'_>, &Step<'_>) -> Option<Problem>;

/// All of them.
pub(super) const RULES: &[Rule] = &[
    filtered_twice,
    whitened_twice,
    whitened_before_sort,
    bad_channels_after_reference,
    phase_shift_after_mixing,
    filter_after_whitening,
    reference_after_whitening,
    corner_above_nyquist,
    probe_missing,
    probe_unknown,
    unfiltered_sort,
    unused_output,
];

/// The corner that is offered instead of one that is too high, in parts of the sampling frequency.
const SAFE_CORNER: f64 = 0.45;
/// Probes that are offered by a button each.
const MOST_PROBES: usize = 4;

fn say(step: &Step<'_>, message: String) -> Problem {
    Problem::of_node(&step.instance.name, message).warning()
}

/// The problem with a button that takes a step out.
fn or_remove(steps: &Steps<'_>, problem: Problem, step: &Step<'_>) -> Problem {
    let name = &step.instance.name;
    match steps.pipeline.take_out_edit(steps.registry, name) {
        Ok(edit) => problem.mend(format!("Remove {name}"), edit),
        Err(_) => problem,
    }
}

/// The problem with a button that puts a step before another.
fn or_put_before(steps: &Steps<'_>, problem: Problem, step: &Step<'_>, other: &Step<'_>) -> Problem {
    let (name, before) = (&step.instance.name, &other.instance.name);
    match steps.pipeline.put_before_edit(steps.registry, name, before) {
        Ok(edit) => problem.mend(format!("Put it before {before}"), edit),
        Err(_) => problem,
    }
}

fn filtered_twice(steps: &Steps<'_>, step: &Step<'_>) -> Option<Problem> {
    let earlier = steps.before(step, |act| *act == Act::Filters).filter(|_| step.does(&Act::Filters))?;
    let problem = say(
        step,
        format!(
            "filters what {} has filtered already, which bends the shape of spikes a second time: remove one \
             of the two",
            earlier.words()
        ),
    );
    Some(or_remove(steps, problem, step))
}

fn whitened_twice(steps: &Steps<'_>, step: &Step<'_>) -> Option<Problem> {
    let earlier = steps.before(step, |act| *act == Act::Whitens).filter(|_| step.does(&Act::Whitens))?;
    let message = format!("whitens what {} has whitened already: remove one of the two", earlier.words());
    Some(or_remove(steps, say(step, message), step))
}

fn whitened_before_sort(steps: &Steps<'_>, step: &Step<'_>) -> Option<Problem> {
    let earlier = steps.before(step, |act| *act == Act::Whitens).filter(|_| step.does(&Act::Sorts))?;
    let message = format!(
        "whitens by itself, from a recording in its own units: take {} out before it",
        earlier.words()
    );
    Some(or_remove(steps, say(step, message), earlier))
}

fn bad_channels_after_reference(steps: &Steps<'_>, step: &Step<'_>) -> Option<Problem> {
    let earlier =
        steps.before(step, |act| *act == Act::References).filter(|_| step.does(&Act::MendsChannels))?;
    let message = format!(
        "comes after the reference {}: by then bad channels have gone into what is subtracted from all others. \
         Put it before",
        earlier.words()
    );
    Some(or_put_before(steps, say(step, message), step, earlier))
}

fn phase_shift_after_mixing(steps: &Steps<'_>, step: &Step<'_>) -> Option<Problem> {
    let earlier = steps.before(step, Act::mixes_channels).filter(|_| step.does(&Act::ShiftsPhase))?;
    let message = format!(
        "comes after {}, which puts channels together as if they had been sampled at once: put it before",
        earlier.words()
    );
    Some(or_put_before(steps, say(step, message), step, earlier))
}

fn filter_after_whitening(steps: &Steps<'_>, step: &Step<'_>) -> Option<Problem> {
    let earlier = steps.before(step, |act| *act == Act::Whitens).filter(|_| step.does(&Act::Filters))?;
    let message = format!(
        "comes after {}, whose estimate is then of slow waves and not of the noise of spikes: put it before",
        earlier.words()
    );
    Some(or_put_before(steps, say(step, message), step, earlier))
}

fn reference_after_whitening(steps: &Steps<'_>, step: &Step<'_>) -> Option<Problem> {
    let earlier = steps.before(step, |act| *act == Act::Whitens).filter(|_| step.does(&Act::References))?;
    let message = format!(
        "comes after {}, which has taken away already what channels have in common: put it before",
        earlier.words()
    );
    Some(or_put_before(steps, say(step, message), step, earlier))
}

fn corner_above_nyquist(steps: &Steps<'_>, step: &Step<'_>) -> Option<Problem> {
    let rate = steps.fact(step)?.sampling_frequency;
    let (field, hz) = step.acts.iter().find_map(|act| match act {
        Act::Corner { field, hz } if *hz >= rate / 2.0 => Some((*field, *hz)),
        _ => None,
    })?;
    let safe = (rate * SAFE_CORNER / 10.0).floor() * 10.0;
    let message = format!(
        "{hz} Hz is not below half the sampling frequency of {rate} Hz, and nothing is recorded there: choose {safe} \
         Hz or less"
    );
    let problem = say(step, message).field(field);
    let mut params: Params = step.instance.params.clone();
    params.insert(field.to_owned(), safe.into());
    Some(match step.node.check(&params).is_empty() {
        true => {
            problem.mend(format!("Set it to {safe} Hz"), Edit::SetParams(step.instance.name.clone(), params))
        }
        false => problem,
    })
}

fn probe_missing(steps: &Steps<'_>, step: &Step<'_>) -> Option<Problem> {
    let fact = steps.fact(step)?;
    let needs = |act: &Act| matches!(act, Act::NeedsProbe { above } if fact.largest_group > *above);
    if fact.has_probe || !step.acts.iter().any(needs) {
        return None;
    }
    let source = step.before.iter().map(|&position| &steps.steps[position]).find_map(|source| {
        source.acts.iter().find_map(|act| match act {
            Act::TakesProbe { field } => Some((source, *field)),
            _ => None,
        })
    });
    let what = format!("needs to know where the {} contacts lie", fact.num_channels);
    Some(match source {
        // It is there that something can be done.
        Some((source, field)) => {
            let message = format!("no probe is known, and {} {what}: choose one", step.words());
            with_fitting(say(source, message).field(field), source, field, fact.num_channels)
        }
        None => say(step, format!("{what}, and the recording comes without a probe")),
    })
}

/// A recording that says nothing of its contacts, and that nothing follows yet.
fn probe_unknown(steps: &Steps<'_>, step: &Step<'_>) -> Option<Problem> {
    let field = step.acts.iter().find_map(|act| match act {
        Act::TakesProbe { field } => Some(*field),
        _ => None,
    })?;
    let own = |end: &&String| end.split_once('.').is_some_and(|(node, _)| node == step.instance.name);
    let (_, fact) = steps.facts.iter().find(|(end, _)| own(end))?;
    // Steps that follow say so where they need it.
    let is_followed = steps.pipeline.wires().iter().any(|wire| wire.0 == step.instance.name);
    if fact.has_probe || fact.num_channels < 2 || is_followed {
        return None;
    }
    let message = format!(
        "says nothing of where its {} contacts lie, which is what tells channels apart that share spikes: choose \
         its probe",
        fact.num_channels
    );
    let problem = Problem { severity: Severity::Note, ..say(step, message).mended_by(Remedy::GiveProbe) };
    Some(with_fitting(problem, step, field, fact.num_channels))
}

/// The problem with a button for each of the first probes that have as many contacts.
fn with_fitting(problem: Problem, source: &Step<'_>, field: &str, contacts: usize) -> Problem {
    let fitting =
        bundled().iter().filter(|probe| probe.is_usual && probe.num_contacts == contacts).take(MOST_PROBES);
    fitting.fold(problem, |problem, probe| {
        let mut params: Params = source.instance.params.clone();
        params.insert(field.to_owned(), probe.name.clone().into());
        problem.mend(format!("Use {}", probe.name), Edit::SetParams(source.instance.name.clone(), params))
    })
}

fn unfiltered_sort(steps: &Steps<'_>, step: &Step<'_>) -> Option<Problem> {
    let is_filtered = steps.before(step, |act| *act == Act::Filters).is_some();
    if !step.does(&Act::Sorts) || is_filtered || steps.fact(step)?.is_filtered {
        return None;
    }
    // A node that filters as it is added.
    let kind = steps.registry.iter().find(|node| node.acts(&Params::new()).contains(&Act::Filters))?.info();
    let message =
        format!("gets a recording that was not filtered: put a {} before it", kind.label.to_lowercase());
    Some(say(step, message).mended_by(Remedy::Filter))
}

fn unused_output(steps: &Steps<'_>, step: &Step<'_>) -> Option<Problem> {
    // A recipe alone does nothing; a task leaves a result that is looked at.
    let is_recipe = |step: &Step<'_>| step.node.info().work == Work::Lazy;
    let wires = steps.pipeline.wires();
    let is_used = |step: &Step<'_>| wires.iter().any(|w| w.0 == step.instance.name);
    // Others go on from where it starts: it is no end of the pipeline that is only looked at.
    let goes_on = steps.steps.iter().any(|other| {
        let beside = other.inputs.iter().any(|end| step.inputs.contains(end));
        beside && other.instance.name != step.instance.name && (is_used(other) || !is_recipe(other))
    });
    let writes = !step.node.writes(&step.instance.params).is_empty();
    if !is_recipe(step) || is_used(step) || writes || !goes_on {
        return None;
    }
    let name = &step.instance.name;
    let problem = say(step, "nothing uses what leaves it, so a run passes it over".to_owned()).note();
    Some(problem.mend(format!("Remove {name}"), Edit::RemoveNode(name.clone())))
}
