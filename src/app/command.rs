//! Everything a user can do, as data: canvas, menus and keys return these and the shell carries them out.

use super::{canvas::Alignment, settings::RecentList, texts};
use crate::pipeline::{Coordinate, Edit, MarkColor, TaskId, leaf_of, level_of, name_in};
use std::{collections::BTreeSet, path::PathBuf};

/// Steps of the same gesture that undo as one, such as the drags of one slider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeKey(pub String);

/// What a new node is wired to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Joint {
    /// Nothing.
    None,
    /// An end `node.port`.
    End {
        /// The end.
        end: String,
        /// True where it is an output.
        is_output: bool,
    },
    /// Both ends of a wire, which it goes into.
    Wire {
        /// The output it leaves.
        from: String,
        /// The input it enters.
        to: String,
    },
}

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
        /// What it is wired to.
        joint: Joint,
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
    /// Move a wire to other ends.
    Reconnect {
        /// Its output and input end so far.
        old: (String, String),
        /// Its output end from now on.
        from: String,
        /// Its input end from now on.
        to: String,
    },
    /// Put a node of the pipeline into a wire.
    Splice {
        /// The node.
        node: String,
        /// The wire, from end and to end.
        wire: (String, String),
        /// Joined with the move that brought it there.
        merge: Option<MergeKey>,
    },
    /// Make a node one of another kind.
    Swap {
        /// The node.
        node: String,
        /// The other kind.
        kind: String,
    },
    /// Dark, light, or as the system is.
    Theme(egui::ThemePreference),
    /// Draw everything larger, or smaller where negative, by so many steps, or in its usual size.
    Resize(Option<i8>),
    /// Search for a kind that the selected node could become.
    FindSwap,
    /// Bring the selected nodes in line, or spread them out evenly.
    Align(Alignment),
    /// Make this the selection.
    Select(Vec<String>),
    /// Make these nodes, frames and comments the selection.
    SelectAlso(Vec<String>, Vec<u32>),
    /// Put a frame around the selected nodes.
    Frame,
    /// Put a comment at the pointer.
    AddComment,
    /// Edit the title of a frame, the text of a comment.
    EditMark(u32),
    /// Give the selected frames and comments a colour.
    PaintMarks(MarkColor),
    /// Make a frame as large as what lies in it needs.
    FitFrame(u32),
    /// Select what lies in a frame.
    SelectInFrame(u32),
    /// Show only the headers of the selected nodes, or all of them again.
    ToggleCollapsed,
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
    /// Show what leaves the selected nodes in their bodies, or do without.
    TogglePreviews,
    /// Show what leaves every node in its body, or only where it was chosen.
    ToggleAllPreviews,
    /// Bypass the selection or not.
    ToggleBypassed,
    /// Lay the selected nodes out along their wires, or all where none or one is selected.
    Arrange,
    /// Replace the selected node by the nodes it stands for.
    Unpack,
    /// Go into the selected group, or rename what is selected.
    Activate,
    /// Draw what lies in a group, or the whole where empty.
    Enter(String),
    /// Draw what the group that is drawn lies in.
    Leave,
    /// Make the selected nodes a group.
    Group,
    /// Replace the selected groups by what lies in them.
    Ungroup,
    /// Show a parameter on the outside of the group it lies in, or hide it.
    ShowParam {
        /// The node.
        node: String,
        /// The parameter.
        field: String,
    },
    /// Make an end a port of the group it lies in, or none.
    ShowPort {
        /// The end.
        end: String,
        /// True for an input.
        is_input: bool,
    },
    /// Keep the selected group in the library.
    KeepGroup,
    /// Add what a file of the library holds.
    AddKept {
        /// The file.
        file: PathBuf,
        /// Where, the middle of what is seen where `None`.
        position: Option<[f32; 2]>,
        /// What it is wired to.
        joint: Joint,
    },
    /// Remove a file from the library.
    RemoveKept(PathBuf),
    /// Edit the name of the selected node.
    Rename,
    /// Undo the last step.
    Undo,
    /// Redo the step undone last.
    Redo,
    /// Undo the step of a gesture that was given up, as if it had never been.
    TakeBack(MergeKey),
    /// Undo this many steps, or redo them where negative.
    Step(i32),
    /// Look at what flows at `node.port`.
    Look(String),
    /// Look at an item of an end.
    LookAtItem(String, Coordinate),
    /// Look at the first output of the selected node.
    LookAtSelection,
    /// Run everything, or what a node needs.
    Run {
        /// The last node to run, with everything before it.
        until: Option<String>,
    },
    /// Run these tasks, and no others.
    RunTasks(BTreeSet<TaskId>),
    /// Fill in the sheet for a submission to Slurm.
    SubmitToSlurm,
    /// Submit what that sheet shows.
    SubmitNow,
    /// Submit to Slurm again what failed there or was cancelled.
    RetryOnSlurm,
    /// Cancel all jobs of the pipeline on Slurm.
    CancelOnSlurm,
    /// Stop these tasks wherever they run or wait; the others go on.
    StopTasks(BTreeSet<TaskId>),
    /// Show what a task said.
    ShowJob(TaskId),
    /// Show every recording at every node, or hide it.
    ShowStudy,
    /// Run to the selected node.
    RunToSelection,
    /// Say why the selected node would run, or why it ran.
    Why,
    /// Stop the run.
    Stop,
    /// All parameters of the selected nodes back to their defaults.
    ResetParams,
    /// Search among the parameters of the selected node.
    FindParam,
    /// Ask for a name, then save the parameters of the selected node as a preset.
    NamePreset,
    /// Save the parameters of a node as a preset of this name.
    SavePreset(String, String),
    /// Give a node the parameters of the preset of this name.
    ApplyPreset(String, String),
    /// Remove the preset of a kind and a name from the library.
    RemovePreset(String, String),
    /// Show the tasks of the last run and the runs that wait, or hide them.
    ShowJobs,
    /// Move down what lies under other nodes.
    MakeRoom,
    /// Show the runs that were, or hide them.
    ShowHistory,
    /// Open the pipeline of a run that was, by the folder it is kept in.
    OpenRun(PathBuf),
    /// Show two runs side by side, by the folders they are kept in.
    CompareRuns([PathBuf; 2]),
    /// Take a run that waits out of the queue, by its number.
    Unqueue(u64),
    /// Start afresh.
    New,
    /// Open a tab that offers what could be opened.
    NewTab,
    /// Ask for a file, then open it.
    OpenDialog,
    /// Open a pipeline or a recording.
    Open(PathBuf),
    /// Open what was dropped at once: recordings are a study, all else is opened by itself.
    OpenAll(Vec<PathBuf>),
    /// Open a pipeline that is part of the program, by its index in the list of examples.
    OpenExample(usize),
    /// Save, asking where if it has no file yet.
    Save,
    /// Ask where, then save.
    SaveAs,
    /// Choose or edit the probe of a node.
    EditProbe(String),
    /// Show the probe of a node wired in order, to be checked and taken.
    WireProbe(String),
    /// Show the order of channels that the traces of a node propose for its probe.
    ProposeOrder(String),
    /// Find out the layout of the raw file that a node reads.
    Import(String),
    /// Let a reader read what another one does, which goes.
    Exchange {
        /// The one that stays.
        reader: String,
        /// The one that goes.
        added: String,
        /// The pipeline runs then.
        runs: bool,
    },
    /// Ask for a path and put it in a parameter.
    Browse {
        /// Node of the parameter.
        node: String,
        /// The parameter.
        field: String,
        /// `open`, `save` or `folder`.
        mode: String,
    },
    /// Write the pipeline as a script for SpikeInterface.
    ExportScript,
    /// What the pipeline does, in words for a paper, to the clipboard.
    CopyMethods,
    /// Write the results, with what they were made of, as an archive.
    Archive,
    /// The pipeline back to what its file holds.
    Revert,
    /// Bring a tab to the front, by its number.
    ShowTab(u64),
    /// The next tab, or the one before where negative.
    SwitchTab(isize),
    /// Close a tab by its number, or the one in front.
    CloseTab(Option<u64>),
    /// Open the tab that was closed last.
    ReopenTab,
    /// Take a file off a list of recent ones.
    ForgetRecent(RecentList, PathBuf),
    /// Show what earlier sessions left unsaved.
    ShowUnsaved,
    /// Open what an earlier session left unsaved, by its place in the list.
    Recover(usize),
    /// Remove what an earlier session left unsaved.
    DiscardUnsaved(usize),
    /// Leave.
    Quit,
    /// Let the steps of an example follow a recording.
    ContinueWith {
        /// The recording, `node.port`.
        end: String,
        /// Index in the list of examples.
        example: usize,
    },
    /// Search for a node to add at the pointer.
    FindNode,
    /// Search for a node that gives what an input takes.
    FindInput(String),
    /// Show the list of all commands.
    ShowCommands,
    /// Show the settings of runs.
    ShowRunSettings,
    /// Show the list of shortcuts or hide it.
    ToggleShortcuts,
    /// Show the help of a kind of node, or of the selected node.
    Help(Option<String>),
    /// Show how high the peaks are that enter a node.
    ShowHeights(String),
    /// Sort a small recording with a known truth, and say how well and how fast.
    SelfCheck,
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
    /// Search among what is on the canvas.
    FindOnCanvas,
    /// Show the map in the corner of the canvas, or do without.
    ToggleMinimap,
}

impl Command {
    /// A change that undoes on its own.
    pub fn edit(edit: Edit, label: impl Into<String>) -> Self {
        Command::Edit { edit, label: label.into(), merge: None }
    }

    /// A node or group called otherwise within its group, where that is another name.
    pub fn rename(name: &str, leaf: &str) -> Option<Self> {
        let leaf = leaf.trim();
        // A name with a slash would be that of something in a group.
        let new = name_in(level_of(name), &leaf.replace('/', "-"));
        (leaf != leaf_of(name))
            .then(|| Self::edit(Edit::Rename(name.to_owned(), new), texts::canvas::rename(&leaf_of(name))))
    }
}
