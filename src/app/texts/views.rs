//! What flows on wires: tables, figures, correlograms, clouds.

texts! {
    // Clouds of many points: the drift map, and features of peaks.
    time_s: "time (s)";
    depth_um: "depth (µm)";
    first_component: "first component";
    second_component: "second component";
    channel: "channel";
    drift_map: "Drift map";
    features: "Features";

    // The view for a value, and what it keeps when another value of the same type comes.
    peaks(count): "{count} peaks";

    // Correlograms as bars: the square of some units with each other, and the view of a table of them.
    picture: "Picture";
    table: "Table";
    one_unit: "One unit. Ctrl + click adds another.";
    save_table: "Save table…";
    correlograms: "Correlograms";
    max(most): "max {most:.0}";
    within_ms_each(window_ms): "±{window_ms} ms each";
    all_units(window_ms):
        "Autocorrelograms of all units, ±{window_ms} ms. Choose units to see them against each other.";
    first_units(shown, count): "The first {shown} of {count} units";
    units(count): "{count} units";
    unit(unit): "Unit {unit}";
    autocorrelogram_of_unit(unit): "Autocorrelogram of unit {unit}";

    // Takes what is seen out of the window: pictures to the clipboard or a file, values to a file.
    export: "Export";
    copy_picture: "Copy picture";
    save_picture: "Save picture…";

    // A drawing, made into a picture off the UI thread.
    not_drawn: "This figure cannot be drawn";
    no_size: "the picture has no size";

    // A node while it runs: how far it is, the drift map so far, and the units as they are found.
    it_has_just_begun: "It has just begun.";
    peaks_on_the_map(count): "{count} peaks on the map";
    spikes(count): "{count} spikes";
    node_runs(node): "{node} runs";
    time_left(seconds): "{seconds} left";

    // Finds out what flows at an end; off the UI thread.
    could_not_be_estimated(name): "{name} could not be estimated.";

    // What is seen of a wire: one view for each type that can flow.
    nothing_can_be_shown: "Nothing can be shown";
    nothing_to_look_at_yet: "Nothing to look at yet";
    nothing_to_look_at_hint: "Click a wire or a port to see what flows there: traces, units, tables, figures.";
    node_is_gone_hint: "Undo brings it back. Click another wire or port to see what flows there.";
    looking: "Looking…";
    not_shown: "This cannot be shown";
    estimating: "Estimating…";
    nothing_flows_here: "Nothing flows here";
    no_item: "The node gave no item for this port.";
    not_there_yet: "Not there yet";
    not_computed_yet: "Not computed yet";
    this_node_failed: "This node failed";
    node_is_gone(node): "{node} is not there any more";
    learns(what): "{what} learns from the data what it will apply";
    live_peaks(node): "{node} has no result yet. These are its peaks in sight, as it is set now:";
    run_finds_all(words): "{words} Run (F5) finds all of them.";
    of_the_last_run: "of the last run";
    of_the_last_run_explained: "Of the last run: the pipeline has changed since. Run (F5) brings it up to date.";
    of_the_folder: "From the folder that was opened. Run (F5) computes it here as well.";
    show_last_run: "Show the last run";
    show_live_peaks: "Show its peaks as it is set now";
    nodes_run(names): "{names} runs";
    press_run(names): "Press Run (F5), or run to here (F6): {names} has no result yet.";
    item_of(item, place, items): "{item} · {place} of {items}";

    // Noise levels as a bar a channel.
    no_noise_levels: "No noise levels";
    no_channel: "There is no channel with a level.";
    noise_of_each_channel: "Noise of each channel";
    channels_median_to(channels, median, unit, low, high):
        "{channels} channels · median {median} {unit} · {low} to {high} {unit}";
    channel_index(channel, level, unit): "Channel index {channel}: {level} {unit}";

    // Any table: sort by a column, search, copy.
    search: "Search";
    copy: "Copy";
    copy_hint: "Copy what is shown, separated by tabs";
    an_empty_table: "An empty table";
    it_has_no_columns: "It has no columns.";
    yes: "yes";
    no: "no";
    click_to_sort(hint): "{hint}. Click to sort.";

    // What has no picture of its own, in words: motion, events, files, fits.
    range: "Range";
    time_bins: "Time bins";
    depth_windows: "Depth windows";
    events: "Events";
    written: "Written";
    type_: "Type";
    nothing_here: "Nothing here";
    it_is_empty: "It is empty.";
    range_at_um(depth): "Range at {depth} µm";

    // Mean waveforms of units where they are on the probe.
    no_waveforms_yet: "No waveforms yet";
    no_units: "No units";
    no_template: "There is no template to show.";
    waveforms_on_the_probe: "Waveforms on the probe";
    unit_named(id): "Unit {id}";

    // Of tables and fits.
    one_row: "1 row";
    rows(count): "{count} rows";
    array(shape): "array {shape}";
}
