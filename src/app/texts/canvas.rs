//! The canvas, and the names of steps that can be undone.

texts! {
    // Places of nodes that are aligned with each other, or spread out evenly.
    align_left: "align left";
    align_right: "align right";
    align_top: "align top";
    align_bottom: "align bottom";
    distribute_horizontally: "distribute horizontally";
    distribute_vertically: "distribute vertically";

    // The way from the whole to the group that is drawn, at the top left: each step leads back there.
    back_to_this_level: "Back to this level (Alt+Up leads one up)";
    back_to(words): "Back to {words}";

    // Draws what lies on the canvas: its grid, wires, nodes and ports.
    empty_canvas:
        "Double-click or press Tab to add a node.\nDrop a recording or a pipeline here to open it.";

    // What a node shows: prepared once per change of the pipeline, not once per frame.
    unknown_node: "This version does not know this node; it is kept as it is.";
    unknown_kind(kind): "unknown kind \"{kind}\"";

    // Finding a node, a frame or a comment of the pipeline by its words, and going there.
    name_kind_parameter: "Name, kind, parameter";
    find_on_the_canvas: "Find on the canvas";
    nothing_of_that_name: "Nothing of that name.";
    group: "Group";
    frame: "Frame";
    comment: "Comment";
    go_to(title): "Go to {title}";

    // Searching for a node to add, at the pointer: everything, or only what fits a wire.
    search_nodes: "Search nodes";
    search_nodes_to_add: "Search nodes to add";
    no_node_fits_here: "No node fits here.";
    my_library: "My library";
    what_takes(port_type): "What takes {port_type}?";
    what_gives(port_type): "What gives {port_type}?";
    add_offer(node): "Add {node}";

    // What the pointer is in the middle of: panning, a band, moving nodes, drawing a wire.
    remove_wire: "remove wire";
    move_(marks): "move {marks}";
    resize(from): "resize {from}";
    mark_with_nodes(mark, nodes): "{mark} with {nodes}";

    // Small drawings: what a category does, and how a node is; told apart by shape before colour.
    cannot_run: "cannot run";
    ready: "ready";
    stale: "stale";
    cached: "cached";
    queued: "queued";
    running: "running";
    done: "done";
    failed: "failed";
    cancelled: "cancelled";

    // Frames and comments: drawn below everything else, held by their title or their text.
    a_frame: "frame";
    a_comment: "comment";
    corner_of(mark): "Corner of {mark}";

    // The whole canvas in a corner, while something of it is out of sight: a click or a drag moves the view.
    minimap: "Minimap";

    // The canvas: draws the pipeline as it is and returns what the user asked for; it changes nothing itself.
    canvas: "Canvas";

    // Draws nodes: a calm card with a bar of its category's colour, more of it the closer one looks.
    running_time: "Running";
    time_left(time): "{time} left";

    // What the pointer does to nodes, ports, wires and empty canvas: clicks, and the beginning of gestures.
    wire_to(from, to): "Wire {from} to {to}";

    // Words that are edited in place: the name of a node, the title of a frame, the text of a comment.
    name: "Name";
    name_of_the_node: "Name of the node";
    text_of_the_comment: "Text of the comment";
    title: "Title";
    title_of_the_frame: "Title of the frame";

    // Opens the search for a node: anywhere, at an end, on a wire, in place of another.
    insert_into_the_wire: "Insert into the wire";
    replace_with: "Replace with";

    // What of the pipeline is in sight: nodes, ports and wires with their places on the screen.
    output: "Output";
    input: "Input";
    node_named(node): "Node {node}";

    // Copy and paste: parts of a pipeline as text, with their inner wires.
    paste: "paste";
    clipboard_is_no_pipeline(why): "What is on the clipboard is no part of a pipeline: {why}.";

    // Everything a user can do, as data: canvas, menus and keys return these and the shell carries them out.
    rename(name): "rename {name}";

    // The open document: the pipeline, its file, what can be undone, what is selected.
    untitled: "Untitled";
    previews_cover_nodes: "Previews lie over the nodes below them.";
    there_is_room: "No node lies over another one.";
    make_room_for_nodes: "make room";

    // Channels that are left out by a click: the step that leaves some out already, or a new one.
    take_in: "take in";
    leave_out: "leave out";
    leave_out_channel(channel): "leave out channel {channel}";
    channel(verb, channel): "{verb} channel {channel}";

    // Carries commands out: the one place where the document changes.
    draw_wire: "draw wire";
    collapse: "collapse";
    expand: "expand";
    duplicate: "duplicate";
    mute: "mute";
    unmute: "unmute";
    bypass: "bypass";
    do_not_bypass: "do not bypass";
    open_file: "open file";
    insert(label): "insert {label}";
    add_node(label): "add {label}";
    delete(nodes): "delete {nodes}";
    nudge(nodes): "nudge {nodes}";
    add_example(example): "add {example}";
    template_follows(fitting, name):
        "{fitting}: the steps of the template “{name}” follow. Undo (Ctrl+Z) leaves the recording alone.";
    no_steps_were_drawn(fitting, reason): "{fitting}: no steps were drawn, as {reason}.";

    // Carries out what changes the shape of the drawing: wires and kinds, rows and columns, frames and comments.
    move_wire: "move wire";
    add_frame: "add frame";
    add_comment: "add comment";
    fit_frame: "fit frame";
    frame_is_empty: "Nothing lies in this frame.";
    insert_node(node): "insert {node}";
    replace_node(node, label): "replace {node} with {label}";
    arrange(nodes): "arrange {nodes}";
    unpack(name): "unpack {name}";
    colour(nodes, color): "make {nodes} {color}";

    // Of frames and comments.
    add_mark(mark): "add {mark}";
    edit_mark(mark): "edit {mark}";
    and: " and ";
}
