//! What can be done, and the gestures: menus, the list of commands and the sheet of keys.

texts! {
    // The groups of the sheet.
    group_canvas: "Canvas";
    group_nodes: "Nodes";
    group_edit: "Edit";
    group_files: "Run and files";

    // Run and files.
    run: "Run";
    stop: "Stop";
    run_to_here: "Run to here";
    submit_to_slurm: "Submit to Slurm…";
    jobs: "Jobs and queue";
    retry_on_slurm: "Submit what failed on Slurm again";
    cancel_on_slurm: "Cancel all jobs on Slurm";
    make_room: "Make room";
    why_does_it_run: "Why does it run?";
    new_tab: "New tab";
    export_script: "Export as SpikeInterface script…";
    copy_methods: "Copy methods for a paper";
    archive_results: "Archive results…";
    run_history: "Run history";
    open: "Open…";
    save: "Save";
    save_as: "Save as…";
    new: "New";
    revert_to_saved: "Revert to saved";
    next_tab: "Next tab";
    previous_tab: "Previous tab";
    close_tab: "Close tab";
    reopen_closed_tab: "Reopen closed tab";
    recover_unsaved_pipelines: "Recover unsaved pipelines…";
    quit: "Quit";
    all_commands: "All commands";
    help_on_the_selected_node: "Help on the selected node";

    // Canvas.
    add_node: "Add node…";
    find_on_the_canvas: "Find on the canvas…";
    minimap: "Minimap";
    fit_all: "Fit all";
    fit_selection: "Fit selection";
    actual_size: "100 %";
    arrange_nodes: "Arrange nodes";
    align_left_edges: "Align left edges";
    align_right_edges: "Align right edges";
    align_top_edges: "Align top edges";
    align_bottom_edges: "Align bottom edges";
    distribute_horizontally: "Distribute horizontally";
    distribute_vertically: "Distribute vertically";
    frame: "Frame";
    add_comment: "Add comment";

    // Nodes.
    look_at_output: "Look at output";
    rename: "Rename";
    go_into_group_or_rename: "Go into group, or rename";
    leave_group: "Leave group";
    group_into_a_node: "Group into a node";
    ungroup: "Ungroup";
    save_to_my_library: "Save to my library";
    mute: "Mute";
    bypass: "Bypass";
    preview: "Preview";
    preview_on_all_nodes: "Preview on all nodes";
    collapse: "Collapse";
    replace_with: "Replace with…";
    find_parameter: "Find parameter…";
    reset_all_parameters: "Reset all parameters";
    save_parameters_as_preset: "Save parameters as preset…";
    unpack: "Unpack";
    delete: "Delete";

    // Edit.
    redo: "Redo";
    undo: "Undo";
    duplicate: "Duplicate";
    select_all: "Select all";
    select_nothing: "Select nothing";

    // In menus alone.
    self_check: "Self-check…";
    settings_of_runs: "Settings of runs…";
    study: "Study";
    shortcuts: "Shortcuts";
    larger: "Size: larger";
    smaller: "Size: smaller";
    usual_size: "Size: 100 %";
    reset_layout: "Reset layout";
    room_to_inspect: "Room to inspect";
    about_spikeloom: "About Spikeloom";

    // Gestures, and what they do.
    keys_double_click: "Double-click";
    does_add_a_node: "Add a node";
    keys_drag_a_wire_to: "Drag a wire to empty space";
    does_add_what_fits: "Add what fits";
    keys_drag_an_end_of: "Drag an end of a wire";
    does_move_it_to: "Move it to another port, or cut it";
    keys_drop_a_node_on: "Drop a node on a wire";
    does_insert_it_there: "Insert it there";
    keys_drag_a_frame_with: "Drag a frame, with Alt";
    does_move_it_with: "Move it with its nodes, alone";
    keys_middle_drag_space_drag: "Middle drag, Space + drag";
    does_pan: "Pan";
    keys_wheel_pinch: "Wheel, pinch";
    does_zoom_at_the: "Zoom at the pointer";
    keys_arrows_with_shift: "Arrows, with Shift";
    does_nudge_by_more: "Nudge, by more";
    keys_ctrl_c_x_v: "Ctrl+C, X, V";
    does_copy_cut_paste: "Copy, cut, paste with inner wires";
    keys_shift_click_drag_a: "Shift + click, drag a band";
    does_select_several: "Select several";
    keys_drop_a_file_or: "Drop a file or a folder";
    does_open_it: "Open it";
    does_this_sheet: "This sheet";
}
