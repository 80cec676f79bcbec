//! The import of raw files.

texts! {
    and_run: "… and run";
    and_run_hint: "The same, and run the pipeline at once.";
    // The end of an import: a reader with all it was told, the steps that were asked for after it, and the template.
    import_file: "import file";
    read_another_file_in(name): "read another file in {name}";
    set_the_layout_of(name): "set the layout of {name}";

    // The left side of the import: what the bytes say, the fields, what was noticed, and the end.
    says_nothing: "Samples that say nothing of themselves.";
    what_the_bytes_say: "What the bytes say";
    reading_a_little: "Reading a little of the file…";
    too_little_to_tell: "Too little to tell: fill in the fields.";
    big_endian: " · big endian";
    channel_after_channel: " · channel after channel";
    layout: "Layout";
    no_sampling_frequency: "The sampling frequency stands nowhere: 30 kHz is usual, check it.";
    linear_probe_hint: "One column of contacts, 25 µm apart";
    search_probes(all): "Search {all} probes of as many contacts";
    search_all_probes: "Search probes by maker and model";
    probe: "Probe";
    stream: "Stream";
    no_probe_yet: "none yet";
    no_probe: "None yet";
    from_a_file: "From a file…";
    probe_beside(name, contacts): "{name} · {contacts}, beside the file";
    probe_lies_beside: "Its file lies beside the recording.";
    add_to_the_pipeline: "Add to the pipeline";
    take_this_layout: "Take this layout";
    layout_does_not_fit: "The file cannot be read with this layout yet";
    enter: "Enter";
    add_beside_it: "Add beside it";
    cancel: "Cancel";
    not_readable_like_this: "Not readable like this";
    not_importable: "This file cannot be imported";
    looking_at_the_bytes: "Looking at the bytes…";
    looking_hint: "Number type and channels are found out";
    import(name): "Import {name}";
    size_says_nothing(size): "{size} of samples that say nothing of themselves.";
    size_described(size, place): "{size} of samples, described by {place}.";
    from_byte(file_offset): " · from byte {file_offset}";
    shown_more(shown): "{shown} more";
    sampling_frequency_from(place): "The sampling frequency stands in {place}.";
    in_place_of(reader): "In place of {reader}";

    // The import of a raw file: traces while its layout is tried, what the bytes say of it, and the reader at the end.
    no_recording_leaves_the_reader: "no recording leaves the reader";

    // What is remarkable about a file, each with a button that does something about it.
    set_the_offset_to_uv: "Set the offset to µV";
    remove_the_offset: "Remove the offset";
    noticed: "Noticed";
    offsets_removed: "offsets removed";
    dont: "Don't";
    constant: "one value only, no signal.";
    digital: "a few levels with sudden changes, as of a digital or synchronisation channel.";
    clipped(channels, samples, first_s): "{channels}: {samples} at the end of the range, the first at {first_s} s: artefacts, or spikes that are cut off.";
    clipped_in_part(channels, samples, first_s): "{channels}: {samples} at the end of the range in what was looked at, the first at {first_s} s: artefacts, or spikes that are cut off.";
    saturated: "stays at its lowest or highest value: saturated.";
    offset: "lies far from zero.";
    unsigned(name, middle):
        "{name}: the numbers have no sign, so zero volts are likely stored as {middle}.";
    swings_around(who, center): "{who} swings around {center} instead of 0.";
    swing_around(who, center): "{who} swing around {center} instead of 0.";
    swing_each(who, low, high): "{who} swing around values of their own, from {low} to {high}, instead of 0.";
    all_channels(count): "All {count} channels";
    leave_it_out: "Leave it out";
    leave_them_out: "Leave them out";
    left_out(left): "{left} left out";
    after_the_reader(steps): "After the reader: {steps}.";
    and_more(shown): " and {shown} more";
    channel(shown): "Channel {shown}";
    channels(shown, more): "Channels {shown}{more}";
}
