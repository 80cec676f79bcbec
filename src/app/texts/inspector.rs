//! The inspector: parameters, presets, groups, problems.

texts! {
    // One field of a form for one parameter: the right widget for its kind, from its declaration alone.
    auto: "auto";
    not_set: "not set";
    auto_hint: "Worked out from the data. Click to say it yourself.";
    not_set_hint: "Click to set it.";
    change(parameter): "change {parameter}";
    field_of_node(parameter, node): "{parameter} of {node}";
    reset(parameter): "Reset {parameter}";
    click_for_the_default(default): "Click for the default: {default}";
    default(default): "Default {default}";
    from_to(least, most): "{least} to {most}";
    at_least(least): "at least {least}";
    at_most(most): "at most {most}";
    set(parameter): "Set {parameter}";

    // Numbers: a slider over the usual range, dragging, and typing with units.
    slider(parameter): "{parameter} slider";
    is_not_a_number(typed): "\"{typed}\" is not a number.";
    is_too_small_at_least(value, least, unit): "{value} is too small: at least {least}{unit}.";
    is_too_large_at_most(value, most, unit): "{value} is too large: at most {most}{unit}.";

    // Words: choices, texts, paths, lists.
    none: "none";
    choose_a_folder: "choose a folder";
    choose_a_place: "choose a place";
    choose_a_file: "choose a file";
    browse: "Browse…";
    browse_for(parameter): "Browse for {parameter}";
    is_no_whole_number(word): "\"{word}\" is no whole number.";
    is_no_number(word): "\"{word}\" is no number.";
    not_readable(error): "Not readable: {error}.";

    // Groups in the window: made and taken apart, gone into and out of, kept in the user's library.
    select_a_group_to_take: "Select a group to take apart.";
    add: "add";
    go_in: "Go in";
    ungroup: "Ungroup";
    save_to_my_library: "Save to my library";
    parameters_of_the_inside: "Show parameters of the inside here";
    inside: "Inside";
    input: "Input";
    output: "Output";
    group(nodes): "group {nodes}";
    ungroup_nodes(nodes): "ungroup {nodes}";
    show_field_on_the_outside(field): "show {field} on the outside";
    show_port_on_the_outside(end): "show {end} on the outside";
    is_in_your_library(name, file): "“{name}” is in your library: {file}";
    not_saved_to_the_library(reason): "It was not saved to the library: {reason}";
    not_removed_from_the_library(file, error): "It was not removed: {file}: {error}";
    go_to(inner): "Go to {inner}";
    shown_on_the_outside(group): "Shown on the outside of {group}";
    show(parameter): "Show {parameter}";

    // Peak heights before a node that detects spikes: the histogram of what enters, its threshold, and a better one.
    no_recording_enters: "no recording enters this node yet";
    the_store_is_not_open: "the store is not open";
    reading_pieces_of_the_recording: "Reading pieces of the recording…";
    raw_units: "raw units";
    noise_levels: " noise levels";
    threshold: "Threshold";
    histogram_of_peak_heights: "Histogram of peak heights";
    peak_heights_before(node): "Peak heights before {node}";
    heights_explained(time, channels, level, unit):
        "{time} of {channels} channels. A noise level is {level} {unit} (median). What is not filtered or \
                             referenced yet is noisier than after it.";
    peaks_that_reach(peaks, per_channel): "{peaks} peaks a second reach it, {per_channel} a channel.";
    set_threshold(parameter, value): "Set “{parameter}” to {value}";
    change_threshold(threshold): "change {threshold}";

    // The inspector: everything about the selected node, made from its declaration.
    nothing_selected: "Select a node to see what it does and to change it.";
    seed: "Seed";
    seed_hint: "All random streams of the pipeline start from it.";
    change_seed: "change seed";
    unknown_node_is_kept: "It is kept as it is and saved again unchanged.";
    unread_parameters: "Parameters as they stand in the file, kept because they could not be read:";
    probe: "Probe…";
    probe_hint: "Choose, wire, draw and check the probe";
    layout_hint: "See the traces while number type, channels and order are tried";
    find_out_the_layout: "Find out the layout…";
    node_name: "Node name";
    all_at_defaults: "All are at their defaults.";
    none_of_that_name: "None of that name.";
    advanced: "Advanced";
    search_parameters: "Search parameters";
    changed_hint: "Show only what differs from the defaults";
    reset_all: "Reset all";
    reset_all_hint: "All but paths";
    peak_heights: "Peak heights…";
    peak_heights_hint: "How high the peaks are that enter, against this threshold";
    problems: "Problems";
    state: "State";
    log: "Log";
    help_on_this_node: "Help on this node";
    inputs: "Inputs";
    outputs: "Outputs";
    continue_with: "Continue with the steps of…";
    look: "Look";
    optional: "optional";
    not_connected: "not connected";
    unknown_node(kind): "This version knows no node \"{kind}\".";
    advanced_changed(set): "Advanced • {set} changed";
    changed(changed): "{changed} changed";
    does_not_run(reason): "Does not run: {reason}";
    of_cpu(wall, cpu): "{wall}, {cpu} of CPU";
    help_hint(keys): "All about this node{keys}";
    nodes(count): "{count} nodes";
    look_at(end): "Look at {end}";
    from(end): "from {end}";
    from_outside(port, group): "from {port} of {group}";

    // Parameters that a node offers beyond those it declares, as fields of the inspector.
    asking_for_its_parameters: "Asking for its parameters…";
    and_changed(changed): " • {changed} changed";
    parameters_of(source): "Parameters of {source}";

    // Presets: parameters of a node under a name, kept in the user's library as small pipelines of one node.
    presets: "Presets";
    no_presets: "None for this kind of node yet.";
    remove_it_from_the_library: "Remove it from the library";
    save_as_preset: "Save as preset…";
    name_of_the_preset: "Name of the preset";
    preset_name: "Preset name";
    save_preset: "Save preset";
    cancel: "Cancel";
    saved_the_preset(name): "Saved the preset \u{201c}{name}\u{201d}.";
    the_preset_was_not_saved(reason): "The preset was not saved: {reason}";
    apply_preset(name): "apply preset {name}";
    the_preset_was_not_removed(reason): "The preset was not removed: {reason}";
    reset_nodes(nodes): "reset {nodes}";
    apply_preset_named(preset): "Apply preset {preset}";
    preset_hint(set): "Sets {set}, the rest to their defaults";
    remove_preset(preset): "Remove preset {preset}";

    // What is wrong with the pipeline and what its results warned of, each with a button for what mends it.
    no_problems: "Nothing is wrong with this pipeline.";
    choose_a_probe: "Choose a probe…";
    choose: "Choose…";
    find_what_fits: "Find what fits…";
    line_column(line, column): "line {line}, column {column}";
}
