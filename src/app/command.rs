//! Everything a user can do, as data: canvas, menus and keys return these and the shell carries them out.

use crate::pipeline::Edit;
use std::path::PathBuf;

/// Steps of the same gesture that undo as one, such as the drags of one slider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeKey(pub String);

/// One thing the user asked for.
#[derive(Clone, Debug)]
pub enum Command {
    /// Change the pipeline; the label is what "Undo …" will say.
    Edit {
        /// The change.
        edit: Edit,
        /// What it is called.
        label: String,
        /// Joined with the step before where that has the same key.
        merge: Option<MergeKey>,
    },
    /// Add a node at a place of the canvas, wired to an end where one is given.
    Add {
        /// Kind of the node.
        kind: String,
        /// Where its top left corner goes.
        position: [f32; 2],
        /// An end `node.port` a wire was dragged from; true where it is an output.
        from: Option<(String, bool)>,
    },
    /// Add a node in the middle of what is seen.
    AddInView(String),
    /// Draw a wire, replacing the one that a single input had.
    Connect {
        /// Output end.
        from: String,
        /// Input end.
        to: String,
    },
    /// Make this the selection.
    Select(Vec<String>),
    /// Select a wire by its ends.
    SelectWire(String, String),
    /// Select every node.
    SelectAll,
    /// Remove the selected nodes or the selected wire.
    Delete,
    /// The selection and the wires inside it to the clipboard.
    Copy,
    /// Copy, then delete.
    Cut,
    /// Add what the text describes, its middle at a place of the canvas.
    Paste {
        /// RON text of a pipeline.
        text: String,
        /// Where.
        position: [f32; 2],
    },
    /// Copy and paste a little beside.
    Duplicate,
    /// Move the selection by this much.
    Nudge([f32; 2]),
    /// Mute or unmute the selection.
    ToggleMuted,
    /// Bypass the selection or not.
    ToggleBypassed,
    /// Lay the selected nodes out along their wires, or all where none or one is selected.
    Arrange,
    /// Replace the selected node by the nodes it stands for.
    Unpack,
    /// Edit the name of the selected node.
    Rename,
    /// Undo the last step.
    Undo,
    /// Redo the step undone last.
    Redo,
    /// Look at what flows at `node.port`.
    Look(String),
    /// Look at the first output of the selected node.
    LookAtSelection,
    /// Run everything, or what a node needs.
    Run {
        /// The last node to run, with everything before it.
        until: Option<String>,
    },
    /// Run to the selected node.
    RunToSelection,
    /// Stop the run.
    Stop,
    /// Start afresh.
    New,
    /// Ask for a file, then open it.
    OpenDialog,
    /// Open a pipeline or a recording.
    Open(PathBuf),
    /// Open a pipeline that is part of the program, by its index in the list of examples.
    OpenExample(usize),
    /// Save, asking where if it has no file yet.
    Save,
    /// Ask where, then save.
    SaveAs,
    /// Ask for a path and put it in a parameter.
    Browse {
        /// Node of the parameter.
        node: String,
        /// The parameter.
        field: String,
        /// `open`, `save` or `folder`.
        mode: String,
    },
    /// Leave.
    Quit,
    /// Let the steps of an example follow a recording.
    ContinueWith {
        /// The recording, `node.port`.
        end: String,
        /// Index in the list of examples.
        example: usize,
    },
    /// Put a new node into the wire that enters a node.
    InsertBefore {
        /// The node after it.
        node: String,
        /// Kind of the new one.
        kind: String,
    },
    /// Search for a node to add at the pointer.
    FindNode,
    /// Search for a node that gives what an input takes.
    FindInput(String),
    /// Show the list of all commands.
    ShowCommands,
    /// Show the list of shortcuts or hide it.
    ToggleShortcuts,
    /// Show what this program is.
    ShowAbout,
    /// Panels back to where they were at first.
    ResetLayout,
    /// Panels with most of the room for what is looked at.
    InspectLayout,
    /// Bring all nodes, or the selected ones, into view.
    Fit {
        /// The selected ones only.
        selection: bool,
    },
    /// Show the canvas at 100 %.
    ActualSize,
}

impl Command {
    /// A change that undoes on its own.
    pub fn edit(edit: Edit, label: impl Into<String>) -> Self {
        Command::Edit { edit, label: label.into(), merge: None }
    }
}
