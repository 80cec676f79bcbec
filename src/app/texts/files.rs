//! The start screen, files that are opened, saved and recovered, questions before something is lost.

texts! {
    dropped_waits(name): "{name} waits: it is opened when the question is answered.";
    // Everything that may take longer than a frame happens here, in threads that answer over a channel.
    no_recording_at(end): "there is no recording at {end}";
    run_to_it_first(end): "run to {end} first";
    cannot_be_read(folder, error): "{folder} cannot be read: {error}.";

    // Recordings that are opened together.
    recordings_such_as(count, first): "{count} recordings, the first: {first}";

    // How the browser looks, and what clicks and keys in it ask for.
    home: "Home";
    reading_the_folder: "Reading the folder…";
    folder_is_empty: "Nothing here to choose.";
    name_of_the_file: "Name of the file";
    name_or_path: "Name or path";
    file_name: "File name";
    replace: "Replace";
    save: "Save";
    open: "Open";
    choose: "Choose";
    look_inside: "Look inside";
    cancel: "Cancel";
    folder: "Folder";
    file: "File";
    folder_name(name): "Folder {name}";
    would_be_replaced(name): "{name} is there already and would be replaced.";

    // Choosing a file or a folder: our own, so that it works on every desktop and takes recordings that are folders.
    title_open: "Open a pipeline, a recording or a sorting";
    title_save: "Save the pipeline";
    title_export: "Save what is seen";
    title_folder: "Choose a folder";
    title_write: "Choose where to write";
    title_choose: "Choose a file or a folder";
    folder_is_asked_for(path): "{path} is a file; a folder is asked for.";
    is_not_there(path): "{path} is not there.";

    // The few windows that come up: unsaved changes, a run that would be stopped, shortcuts, about.
    close_spikeloom: "Close Spikeloom";
    stopping_loses_nothing: "What is finished is kept, and the next run goes on from there.";
    stop_the_run: "Stop the run";
    keep_running: "Keep running";
    stopping_the_run: "Stopping the run…";
    do_not_wait: "Do not wait";
    changes_are_lost: "They are lost otherwise.";
    discard: "Discard";
    about_spikeloom: "About Spikeloom";
    drop_to_open:
        "Drop to open: a pipeline, a recording, a sorting, a probe, results or an exported picture";
    close_tab(title): "Close {title}";
    while_running(verb): "{verb} while the run goes on?";
    save_changes_to(title): "Save changes to {title}?";
    spikeloom_version(version): "Spikeloom {version}";
    licence(licence): "Licence {licence}";

    // Another recording for the pipeline in front: read in place of the one that is there.
    reader_is_gone: "One of the two readers is not there any more.";
    added_beside(name, reader): "{name} was added beside {reader}.";
    read_in_place_and_run(reader): "Read it in place of {reader} and run";
    read_in_place(reader): "Read it in place of {reader}";
    read_another_file_in(reader): "read another file in {reader}";

    // What files are: pipelines, recordings, sortings, folders of them.
    results_with_their_pipeline: "Results with their pipeline";
    pipeline: "Pipeline";
    streams(count): "A recording of Open Ephys or SpikeGLX, 1 stream"
        | "A recording of Open Ephys or SpikeGLX, {count} streams";
    nothing_to_open_by_itself(path): "{path} is nothing to open by itself; this is what it holds.";
    unknown_folder: "A folder of no known format: look inside.";
    unknown_file:
        "Not recognised: imported as raw samples, their number type and channels are found out.";
    recording: "recording";
    sorting: "sorting";
    text_is_no_recording(path):
        "{path} is a text, not a recording. Tables of times open in the node Read events, probes in the probe panel.";
    recording_and_sorting: "recording and sorting";
    no_probe_for_a_template:
        "it does not say which channels lie near each other. Name its probe, then let the steps of a \
                      template follow (at its output in the inspector)";
    contacts_far_apart: "contacts far apart";
    contacts_as_of_a_tetrode: "contacts as of a tetrode";
    contacts_as_of_a_linear: "contacts as of a linear probe";
    contacts_as_of_neuropixels_1: "contacts as of Neuropixels 1.0";
    contacts_as_of_neuropixels_2: "contacts as of Neuropixels 2.0";
    contacts_in_a_plane: "contacts in a plane";
    file_is_gone(path): "{path} is not there. Was it moved or renamed?";
    holds_no_pipeline(path):
        "{path} holds no pipeline: pictures exported from the viewer do, and those in folders of results.";
    pipeline_of(name): "Pipeline of {name}";

    // Asks the threads what is not known yet, and takes in what they answer.
    runs_not_compared(reason): "These runs cannot be compared: {reason}";
    pipeline_that_made(name): "The pipeline that made {name}, as a copy.";
    change(field): "change {field}";
    the_run_of_is_done(title, after): "The run of {title} is done after {after}.";
    the_run_of_failed(title, after): "The run of {title} failed after {after}.";

    // Copies of what is not saved: written a moment after a change, found again after a crash.
    never_saved: "never saved";
    and_saved_since: " · its file was saved since";
    untitled: "Untitled";
    lock_is_held: "its lock is held by another program";
    copies_are_not_written(state_folder, error):
        "Changes that are not saved are not safe from a crash: {state_folder} cannot be written: {error}. \
                     Save the pipeline, or make room there.";

    // Back to what was: unsaved pipelines of earlier sessions, the file as it was saved, the view as it was left.
    recent_files_are_not_kept(error): "The list of recent files is not kept: {error}";
    recover_unsaved_changes: "recover unsaved changes";
    recover_unsaved_pipelines: "Recover unsaved pipelines";
    recover_explained: "Spikeloom ended before these were saved. They are kept until you decide.";
    discard_for_good: "Discard for good";
    recover: "Recover";
    revert_to_saved: "revert to saved";
    cannot_be_recovered(title, reason): "{title} cannot be recovered: {reason}";
    copy_cannot_be_recovered(title, error): "{title} cannot be recovered: {error}";
    cannot_be_removed(file, error): "{file} cannot be removed: {error}";
    recover_title(title): "Recover {title}";
    no_script_of_what_is_wrong(problem): "No script was written: {problem}";
    nothing_to_archive: "There are no results yet. Press Run (F5), then archive them.";
    methods_are_on_the_clipboard: "What the pipeline does, in words, is on the clipboard";
    not_open_again(title, reason): "{title} was open last and cannot be opened again: {reason}";
    nothing_was_reverted(reason): "Nothing was reverted: {reason}";

    // The start screen, shown while nothing is begun: recent pipelines, templates, a place to drop a recording.
    drop_a_recording_here: "Drop a recording here";
    drop_explained:
        "A file or a folder: its format is recognised, and steps that fit its probe are drawn. \
                     Pipelines and sortings open, too.";
    open_hint: "A pipeline, a recording or a sorting";
    empty_pipeline: "Empty pipeline";
    empty_pipeline_hint: "Draw it yourself";
    quick_start: "Quick start";
    quick_start_hint: "A generated recording, ready to run";
    recover_dialog: "Recover…";
    recent: "Recent";
    no_recent_files: "Pipelines you save or open are listed here.";
    and_missing: ", missing";
    forget_hint: "Take it off the list; the file stays";
    templates: "Templates";
    unsaved_before(count): "{count} not saved before Spikeloom ended.";
    recent_name(name, state): "Recent {name}{state}";
    missing_from(folder): "missing · {folder}";
    forget(name): "Forget {name}";
    template(name): "Template {name}";
}
