//! Traces, probe, channels and their health.

texts! {
    // The line of controls above the traces.
    lines: "Lines";
    lines_hint: "A line a channel, 32 at a time";
    heat_map: "Heat map";
    heat_map_hint: "A row of colours a channel";
    by_depth: "By depth";
    by_index: "By index";
    health_hint:
        "Noise, likeness to neighbours and spectrum of each channel; click one to leave it out";
    health: "Health";
    show_all_channels_again: "Show all channels again";
    save_values_in_sight: "Save values in sight…";
    reading: "reading…";
    wheel_hint:
        "Wheel: time · Ctrl+wheel: gain · Shift+wheel: channels · Ctrl+Shift+wheel: number of channels\n\
                     Drag: move · Left, right: page · Up, down: channels · Home, End · A, D: last and next spike";
    not_found: "not found";
    zoom_in: "zoom in to see them";
    before_after: "Before | after";
    compare_with: "Compare with…";
    nothing: "Nothing";
    traces_compared_with: "Compare with";
    overlay_hint: "Both in one place instead of side by side";
    overlay: "Overlay";
    no_spikes_yet: "No spikes yet";
    no_spikes_hint: "Spikes of a sorting of this pipeline can be shown on top once it ran";
    no_spikes: "No spikes";
    spikes_on_top: "Spikes on top";
    any_unit: "any unit";
    the_selected_units: "the selected units";
    last: "Last";
    next: "Next";
    channels(chosen): "{chosen} channels ×";
    reading_percent(percent): "reading {percent:.0} %";
    segment_of(segment, count): "Segment {segment} of {count}";
    segment(segment): "Segment {segment}";
    peaks_of(node): "Peaks of {node}";
    peaks_hint(node): "What {node} finds in sight, as it is set now: change its threshold and see";
    in_sight(count): "{count} in sight";
    before_after_hint(end): "What goes in ({end}) together with what comes out";
    beside(end): "Beside {end}";
    spikes_of(end): "Spikes of {end}";
    units(end, count): "{end} · {count} units";
    spike_of(which, whose, key): "{which} spike of {whose} ({key})";

    // Draws what is there of the traces, and what lies on top: spikes, events, scale, cursor.
    not_readable: "These traces cannot be read";
    reading_traces: "Reading…";
    time_and_channel(time, channel): "{time} s   channel {channel}";

    // What is seen of traces as a figure and as numbers.
    too_many_values(count, most_values):
        "{count} values are in sight, {most_values} can be written: show less time or fewer \
                     channels, or save the recording.";

    // How each channel records, beside its trace: noise, likeness to its neighbours, spectrum, verdict.
    listening: "listening…";
    good: "good";
    dead: "dead: it hardly follows its neighbours, or is silent";
    noisy: "noisy: louder than the others, or too much power at high frequencies";
    outside_the_brain: "outside the brain";
    click_to_take_it_in_again: "Click to take it in again";
    click_to_leave_it_out: "Click to leave it out";
    unknown(reason): "unknown: {reason}";
    channel_verdict(channel, verdict): "Channel {channel}: {verdict}";
    channel_explained(channel, verdict): "Channel {channel}: {verdict}";
    noise_of_channel(noise, unit): "Noise {noise} {unit}";
    correlates(likeness): "Correlates {likeness:.2} with its neighbours";
    most_power(from, to): "Most power per hertz from {from:.0} to {to:.0} Hz";

    // Traces of a recording: heat map for many channels, lines for a few, spikes on top, another recording beside.
    nothing_to_show: "Nothing to show";
    the_recording_has_no_segment: "The recording has no segment.";
    traces: "Traces";
    traces_to_compare_with: "Traces to compare with";

    // The probe beside the traces: which channels are in sight, and where; click to go there, drag to choose.
    probe: "Probe";
    probe_hint(channel, depth):
        "Channel {channel} at {depth:.0} µm\nClick to go there, drag over a stretch to see only that, double click for all.";

    // The strip of the whole recording and the time axis under it.
    whole_recording: "Whole recording";
    strip_hint(duration_s): "{duration_s} in all. Click to go there.";

    // Columns of the strip of health.
    noise_column: "noise";
    alike: "alike";
    spectrum: "spectrum";
    // What a recording may lack.
    no_channel: "The recording has no channel.";
    no_sample: "The recording has no sample.";
}
