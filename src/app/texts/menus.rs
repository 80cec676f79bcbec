//! Menus, panels, tabs and tooltips.

texts! {
    // Context menus and tooltips of the canvas.
    go_in: "Go in";
    also_mute: "disable off branch";
    also_bypass: "skip pass through";
    also_frame: "group box";
    unmute: "Unmute";
    do_not_bypass: "Do not bypass";
    expand: "Expand";
    copy: "Copy";
    help: "Help";
    align: "Align";
    edit_text: "Edit text";
    select_what_is_inside: "Select what is inside";
    fit_to_what_is_inside: "Fit to what is inside";
    delete_frame: "Delete frame, keep its nodes";
    insert_node: "Insert node…";
    look_at_what_flows: "Look at what flows";
    remove_wire: "remove wire";
    muted_explained: "Muted: neither it nor what depends on it runs.";
    bypassed_explained: "Bypassed: its input passes through unchanged.";
    output_hint: "Click to look at it, drag to wire it.";
    input_hint: "Drag to wire it, click to look at what arrives.";
    colour(color): "Colour {color}";
    done_in(wall_s): "Done in {wall_s}.";
    does_not_run(reason): "Does not run: {reason}.";
    there_is_no_port(port): "There is no port \"{port}\" here";

    // The list of all commands: typed for by a few letters, carried out by Enter.
    fit_frame: "Fit frame to what is inside";
    select_what_is_inside_the: "Select what is inside the frame";
    what_to_do: "What to do?";
    search_commands: "Search commands";
    no_command_of_that_name: "No command of that name.";
    open_example(example): "Open example: {example}";
    theme_command(theme): "Theme: {theme}";
    colour_command(color): "Colour: {color}";
    command(line): "Command {line}";

    // The sheet of shortcuts, where each key can be changed: click it, press another.
    shortcuts: "Shortcuts";
    keys_hint: "Click a key to change it.";
    reset_all_keys: "Reset all keys";
    press_a_key: "Press a key…";
    change_it: "Change it";
    reset: "Reset";
    take_it: "Take it";
    no_key: "No key";
    cancel: "Cancel";
    key_of(action): "Key of {action}";
    reset_key_of(action): "Reset key of {action}";
    key_is_taken(other, words): "“{other}” has {words}";

    // The keys of actions as the user has them: those of the table, or those that were chosen instead.
    is_for_the_clipboard: "is for the clipboard";
    moves_what_is_selected: "moves what is selected";
    shows_this_sheet: "shows this sheet";

    // Which wire the viewer shows: chosen by hand, or following what runs.
    nothing_comes_in: "Nothing comes in here yet: draw a wire to the group first.";

    // The window: draws the pipeline, sends work away, shows what comes back. The only room that sees egui.
    the_picture_is_on_the_clipboard: "The picture is on the clipboard.";
    opening_the_store: "Opening the store…";
    run_settings_not_used(reason): "The settings of runs are not used: {reason}";
    saved(path): "Saved {path}";
    title(mark, title): "{mark}{title} – Spikeloom";
    no_window(error):
        "The window cannot be opened: {error}. Is there a display? `spikeloom run FILE.ron` needs none.";

    // The list of nodes at the left: search, categories, drag onto the canvas or double-click.
    search: "Search";
    search_the_list_of_nodes: "Search the list of nodes";
    my_library: "My library";
    recent_data: "Recent data";
    recent_data_hint: "Double-click to read it, in this pipeline or in the place of what it reads.";
    take_off_the_list: "Take off the list";
    recent_recording(name): "Recent data {name}";
    no_such_node: "Nothing of that name. Try another word, such as the name SpikeInterface uses.";
    node_hint: "Drag it onto the canvas, or double-click.";
    add: "Add";
    open_as_a_pipeline: "Open as a pipeline";
    remove_from_the_library: "Remove from the library";
    library(kept): "Library {kept}";

    // The panels and how they dock.
    back_to_all_panels: "Back to all panels";
    nodes: "Nodes";
    inspector: "Inspector";
    viewer: "Viewer";
    viewer_end(end): "Viewer · {end}";

    // Several pipelines at once: opened, switched, closed, opened again.
    open_last_session: "Open the last session at start";
    open_last_session_hint: "The tabs that are open when the window is closed come back, and what is not saved with them.";
    new_tab: "New tab";
    start: "Start";
    and_runs: " · runs";
    and_not_saved: " · not saved";
    new_tab_hint: "A tab with recent pipelines and templates, for a recording to be dropped or an empty pipeline";
    tab(title): "Tab {title}";
    close_tab_named(title): "Close tab {title}";

    // Every colour and size of the window: two finished palettes, one accent.
    source: "Source";
    shape: "Shape";
    preprocess: "Preprocess";
    sort: "Sort";
    look: "Look";
    output: "Output";

    // Short messages at the lower right, for what happened away from the eyes.
    close: "Close";
    close_message: "Close message";

    // The bar at the top: menus at the left, running at the right.
    file: "File";
    edit: "Edit";
    view: "View";
    run: "Run";
    run_menu: "Run menu";
    nothing_to_run: "There is nothing to run yet: open a recording or a template";
    queued(runs): "{runs} queued";
    open_recent: "Open recent";
    examples: "Examples";
    history: "History";
    cut: "Cut";
    paste: "Paste";
    now: "Now";
    dark: "Dark";
    light: "Light";
    as_the_system: "As the system";
    size: "Size";
    smaller: "Smaller";
    larger: "Larger";
    stop_hint(stop): "Stop the run{stop}";
    run_hint(run): "Run what is not done yet{run}";
    redo(index): "Redo {index}";
    undo(index): "Undo {index}";

    // Edges that nodes are aligned by.
    left_edges: "Left edges";
    right_edges: "Right edges";
    top_edges: "Top edges";
    bottom_edges: "Bottom edges";
}
