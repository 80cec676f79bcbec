//! Help on nodes and the self-check.

texts! {
    // Help for a node, made from its declaration: what it does, where it comes from, a drawing, ports, parameters.
    add_it_to_the_canvas: "Add it to the canvas";
    also_found_as: "Also found as";
    inputs: "Inputs";
    outputs: "Outputs";
    from: "from";
    for_: "for";
    and_optional: ", may be left open";
    and_takes_many: ", takes all items at once and several wires";
    cost_of_recipes:
        "Nothing is computed when it runs: what it does is done while the data is read.";
    cost_of_routes: "Nothing is computed: it says which items go where.";
    cost_of_fits:
        "What it needs to know is estimated once and kept; the rest is done while the data is read.";
    cost_of_tasks: "It is computed once and its result is kept.";
    parameters: "Parameters";
    advanced: ", advanced";
    help(node): "Help: {node}";
    source(source): "Source: {source}.";
    help_on(node): "Help on {node}";
    takes(range): "Takes {range}.";
    default(value, advanced): "default {value}{advanced}";

    // The self-check in the window: a small recording with a known truth is sorted here, and what came of it is said.
    starting: "Starting";
    self_check: "Self-check";
    self_check_explained:
        "A small recording with known spikes is made, sorted on this computer and scored.";
    as_expected: "All is as expected.";
    not_as_expected: "Something is not as expected.";
    maybe_busy: "Was the computer busy? Close other programs and check again.";
    check_again: "Check again";
    self_check_facts(channels, duration, wall, cpu, threads, version):
        "{channels} channels for {duration}, sorted in {wall} ({cpu} of CPU) on {threads}. Version {version}.";
    check_failed(reason): "The check could not be done: {reason}";
}
