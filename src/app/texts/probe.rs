//! The probe panel.

texts! {
    escape_again_to_leave: "Something was changed: Escape once more leaves without it, “Use this probe” keeps it.";
    // What the traces say of the wiring: near channels correlate, or they look shuffled.
    do_near_channels_correlate: "Do near channels correlate?";
    opening_the_recording: "Opening the recording…";
    recording_is_computed:
        "Its recording cannot be read without a run, so there is nothing to compare with.";
    wire_by_correlation: "Wire by correlation";
    wire_by_correlation_hint:
        "Near contacts get the channels that correlate. Up and down cannot be told apart \
                                    from the traces.";
    compare_with_the_traces: "Compare with the traces";
    compare_hint: "Correlations of all pairs of channels against their distances";
    choose_a_probe_first: "Choose a probe first";
    wired_by_correlation:
        "Wired by correlation. Whether the tip is up or down, the traces do not tell.";
    correlation_numbers(now, chance, best):
        "neighbours {now:.2}, in random order {chance:.2}, at best {best:.2}";
    wiring_fits(numbers): "The wiring fits: {numbers}.";
    wiring_unknown(numbers): "Channels share too little to tell: {numbers}.";
    wiring_shuffled(numbers): "Channels look shuffled: {numbers}.";
    channel_out_of_range(contact, column, count):
        "Contact {contact} is on channel {column}, and the recording has {count}: correct the wiring.";

    // What is done to the probe: every step can be undone.
    folder_cannot_be_made(folder, error): "{folder} cannot be made: {error}";

    // The shelf: probes by maker and model.
    search_maker_model_or: "Search maker, model or contacts";
    search_probes: "Search probes";
    from_a_file: "From a file…";
    from_a_file_hint: "A probeinterface JSON, a .prb or a SpikeGLX .meta file from anywhere";
    generic: "generic";
    yours: "yours";
    yours_by(maker): "yours · {maker}";
    own_probes_hint:
        "A NeuroNexus name that is not listed, linear24-100 or grid8x8-200 can be typed. Probe files (.json, .prb) in \
         the folder \"probes\" of your library are listed here, too.";
    save_to_my_library: "Save to my library…";
    save_to_my_library_hint: "Keeps this probe, found by its name from now on in the list and by --probe";
    model: "Model";
    maker: "Maker";
    name_of_the_model: "Name of the model";
    name_of_the_maker: "Name of the maker";
    save: "Save";
    saved_to_library(path): "Saved as {path}";
    of_probes(found, all): "{found} of {all} probes";
    probe_model(model): "Probe {model}";
    on_shanks(num_shanks): " on {num_shanks} shanks";
    maker_and_contacts(maker, num_contacts, shanks): "{maker} · {num_contacts} contacts{shanks}";
    probe_fits_recording(hint): "{hint}\nAs many contacts as the recording has channels.";

    // The probe of a recording: chosen from the shelf, seen, wired by a table or a list, drawn by hand, compared with
    cancel: "Cancel";
    use_this_probe: "Use this probe";
    unchanged_hint: "As it is, without a new file";
    no_contacts_hint: "Choose a probe or add contacts";
    redo: "Redo";
    undo: "Undo";
    not_wired_taken_in_order: "not wired: taken in order";
    node_is_gone(node): "{node} is not there any more.";
    set_the_probe_of(node): "set the probe of {node}";
    probe_of(node): "Probe of {node}";
    kept_in_folder(folder): "Kept as a probeinterface file in {folder}";
    the_recording_has(channels): " · the recording has {channels}";
    none_yet(channels): "none yet{channels}";
    wired(wired): "{wired} wired";

    // The contacts where they lie: seen, chosen, moved, added.
    contacts_on_the_picture: "Contacts";
    no_probe_yet: "Choose a probe on the left, or double click to draw contacts.";
    picture_hint:
        "Drag a contact to move it · double click to add one · Delete removes · wheel zooms · drag to pan";

    // The wiring table: a line a contact, with fields, presets and pasting.
    wiring: "Wiring";
    presets: "Presets";
    paste: "Paste…";
    paste_hint: "A column of a spreadsheet";
    in_order: "In order";
    in_reverse_order: "In reverse order";
    from_the_tip_up: "From the tip up";
    not_wired: "Not wired";
    head_stages: "Head-stages (by the numbers of the contacts)";
    paste_explained: "A line a contact: its channel, or its name and its channel. -1 is not connected.";
    channels_to_paste: "Channels to paste";
    open_its_recording_first: "This is a probe: open its recording first, then drop it again.";
    select_its_recording_first: "This is a probe: select the recording it is of, then drop it again.";
    was_given(name, file): "{name} has the probe {file} now.";
    set_the_wiring: "Set the wiring…";
    wired_in_order_check_it:
        "Wired in order, as the recording is read now. Correct it where it is not so, then use this probe.";
    take_this_wiring: "Take this wiring";
    close: "Close";
    contact: "Contact";
    channel: "Channel";
    shank: "Shank";
    delete(count): "Delete {count}";
    head_stages_have(sizes, contacts): "known for {sizes} contacts; the probe has {contacts}";
    of_contacts_are_wired(wired, contacts): "{wired} of {contacts} contacts are wired.";
    channel_given_twice(channel, one, other):
        "Channel {channel} is given to contacts {one} and {other}.";
    no_such_channel(last, count):
        "Channel {last} is not in the recording: it has {count}, from 0.";
    channel_of_contact(name): "Channel of contact {name}";
    of_contact(axis, name): "{axis} of contact {name}";
    shank_of_contact(name): "Shank of contact {name}";

    // The right side: what the traces say of the wiring, and the table.
    correlation_up_to(most): "correlation, up to {most:.2}";
    distance_up_to_um(longest): "distance, up to {longest:.0} µm";
}
