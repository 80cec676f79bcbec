//! Runs: jobs, history, comparison, studies, settings.

texts! {
    // Why a node runs.
    no_store_is_open: "There is no store, so nothing was made and nothing can be told.";
    more_items(count): "and {count} more items";

    // Two runs side by side: what was set otherwise, and what came out.
    drawn: "drawn";
    seed: "seed";
    kind: "kind";
    yes: "yes";
    no: "no";
    muted: "muted";
    bypassed: "bypassed";
    wire(wire): "wire {wire}";
    wire_ends(from, to): "{from} to {to}";
    mean(end, column): "{end} · mean {column}";

    // What flows at a port, in a few words.
    not_run_yet: "not run yet";
    not_estimated_yet: "not estimated yet";
    nothing: "nothing";

    // The runs that were: listed with how they went, opened again, compared two by two.
    looking: "Looking…";
    history_is_empty: "No run yet. Press F5 to run the pipeline: every run is kept here with its pipeline.";
    compare: "Compare";
    compare_hint: "Tick two runs to see what was set otherwise and what came out.";
    two_runs: "Two runs";
    only_what_differs: "Only what differs";
    parameters: "Parameters";
    same_pipeline: "Both runs had the same pipeline.";
    difference: "Difference";
    units_of(end): "Units of {end}";
    units_matched(both, lost, new): "{both} in both · {lost} lost · {new} new";
    units_matched_hint: "Units are the same where at least half of all their spikes coincide, to within 0.4 ms.";
    sorting_is_gone: "What one of the runs found is no longer in the store.";
    only_in_the_first_run: "The second run has no such item.";
    only_in_the_second_run: "The first run has no such item.";
    items_are_not_compared(count): "and {count} more items, which are not compared";
    nothing_differs: "Nothing differs.";
    earlier_run(run): "Earlier · {run}";
    later_run(run): "Later · {run}";
    began_at(date, time): "{date} {time} UTC";
    unit_lost: "lost";
    unit_new: "new";
    unit_same: "same";
    unit_changed: "in both";
    unit_with_spikes(id, spikes): "{id} · {spikes} spikes";
    nearest_unit(id, agreement): "nearest is {id}, {agreement} alike";
    nothing_like_it: "nothing like it";
    agreement(agreement): "{agreement} alike";
    time: "Time";
    results: "Results";
    done: "Done";
    failed: "Failed";
    stopped: "Stopped";
    runs: "Runs";
    did_not_end: "Did not end";
    never_saved: "never saved";
    open_run: "Open";
    open_run_hint: "Its pipeline as it was, in a tab of its own";
    setting_was(what, now, before): "{what}: {now} (was {before})";
    runs_kept(runs): "{runs} kept";
    tick_run_of(run): "Tick run of {run}";
    run_not_opened(error): "This run cannot be opened: {error}";
    until_node(title, node): "{title} to {node}";
    done_before(tasks, cached): "{tasks}, {cached} done before";
    open_run_of(run): "Open run of {run}";

    // The bottom of the window: jobs, problems and log, folded to one line while there is nothing to tell.
    problems: "Problems";
    jobs: "Jobs";
    study: "Study";
    log: "Log";
    starting: "Starting…";
    one_node_to_run: "1 node to run";
    remove: "Remove";
    jobs_are_empty: "No run yet. Press F5 to run the pipeline, or F6 to run to the selected node.";
    copy_path: "Copy path";
    copy_log: "Copy log";
    it_said_nothing: "It said nothing.";
    warning: "warning: ";
    nothing_was_said_yet: "Nothing was said yet.";
    running: "running";
    log_hint: "Click for what it said";
    problems_count(count): "Problems {count}";
    for_run(run): " for {run}";
    waits(before): "Waits{before}";
    nodes_to_run(count): "{count} nodes to run";
    queued(waiting): "Queued: {waiting}";
    remove_from_the_queue(waiting): "Remove {waiting} from the queue";
    of_cpu(wall, cpu): "{wall}, {cpu} of CPU";
    job(label): "Job {label}";
    time_left(clock): "{clock} left";

    // Runs that wait for their turn: one goes on at a time, each with the pipeline as it was when it was asked for.
    all_is_done: "All of that is done already.";
    nothing_to_run: "There is nothing to run yet: open a recording, or take a template.";
    run_is_on_its_way: "This run is on its way already.";
    nothing_can_run(reason): "Nothing can run: {reason}";
    queued_it_begins_after(running): "Queued: it begins after {running}.";

    // The settings of runs, in a window of their own: threads, limits, commands at the end of a run.
    settings_of_runs: "Settings of runs";
    keep: "Keep";
    cancel: "Cancel";
    settings_kept: "Kept. Limits of tasks hold from the next start on, all else from now on.";
    threads_that_compute: "Threads that compute";
    threads: "Threads";
    memory_at_once: "Memory that tasks may need at once";
    memory: "Memory";
    memory_hint: "empty: four fifths of the machine's";
    tasks_that_run_at_once: "Tasks that run at once";
    job_handler_file_of_sortingview: "Job handler file of sortingview";
    none: "none";
    at_the_end_of_a_run: "At the end of a run";
    command_where_all_went: "Command where all went well";
    command_where_something_failed: "Command where something failed";
    hooks_hint:
        "The shell finds SPIKELOOM_STATUS, SPIKELOOM_PIPELINE, SPIKELOOM_TASKS and SPIKELOOM_FAILED.";
    usual: "usual";
    settings_file(name): "Kept in {name}, which the command line reads, too.";
    all_cores(cores): "all {cores}";
    limit_of(name): "Limit of {name}";

    // What is known of runs: events folded into tasks, states of nodes, and a log.
    started: "started";
    finished: "finished";
    run_failed: "failed";
    run_stopped: "stopped";
    done_in(wall_s): "done in {wall_s}";
    and_done_before(cached): ", {cached} done before";
    done_of_tasks(done, tasks): "{done} of {tasks} done";
    of_them_before(cached): ", {cached} of them before";
    run_ended(words, at_s, tasks, before): "run {words} after {at_s}: {tasks}{before}";

    // Many tasks in a few words: the line of status, and one state for a node with several items.
    done_nothing_had_changed: "Done · nothing had changed";
    nothing_to_run_yet: "Nothing to run: no node computes anything yet. Add a step, such as Sort.";
    all_is_muted: "Nothing to run: all that computes is muted, or needs what is. Select the muted node and press M.";
    with_warnings(done, warnings): "{done} · {warnings}";
    stopping: "Stopping…";
    done_cached(tasks, cached, spent): "Done · {tasks}, {cached} cached · {spent}";
    tasks_failed(failed): "{failed} failed";
    done_of(done, tasks): "{done} of {tasks}";

    // Draws the study: only the rows in sight, however many there are.
    looking_at_all: "Looking at every recording and node…";
    no_recordings_yet: "No recordings yet: a study source, or a reader, brings them.";
    run_only_this: "Run only this";
    stop_this: "Stop this";
    stop_this_recording: "Stop this recording";
    stop_this_group: "Stop this group";
    run_this_recording: "Run this recording";
    run_this_group: "Run this group";
    show_what_it_said: "Show what it said";
    not_run: "Not run";
    nothing_to_stop: "It has ended already.";
    not_run_stopped(task): "not run: {task} was stopped";
    run_only_this_hint: "With what it needs and is not done";
    filter_example: "Filter: session == \"a\" && index % 2 == 0";
    filter_recordings: "Filter recordings";
    stop: "Stop";
    run_shown_hint: "Everything that is not done of the recordings that the filter shows";
    retry_failed: "Retry failed";
    look_again: "Look again";
    look_again_hint: "Read all states afresh";
    look_at_its_traces: "Look at its traces";
    the_recording: "the recording";
    all_together: "all together";
    node_at(node, row): "{node} at {row}";
    of_recordings(rows, coordinates): "{rows} of {coordinates} recordings";
    of_groups(shown, groups): "{shown} of {groups} groups";
    run_shown: "Run shown";
    filter_not_understood(reason): "This filter is not understood. {reason}";
    recording(name): "Recording {name}";
    cell(node, name, word): "{node} of {name}: {word}";

    // The study: every recording at every node, filtered by an expression, looked at, run, retried.
    the_store_is_opened: "The store is opened…";

    // Tasks that can be limited.
    sorts: "Sorts";
    metrics: "Metrics";
    waveforms: "Waveforms";
    correlograms: "Correlograms";
    traces: "Traces";
    files: "Files";
    other_programs: "Other programs";
    all_else: "All else";
    // What a command at the end may be.
    notify_example: "notify-send \"The sort is done\"";
}
