//! Times that are not spikes: stimuli, triggers, marks.

/// One event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Segment it falls in.
    pub segment_index: usize,
    /// Seconds from the start of the segment.
    pub time_s: f64,
    /// Length in seconds, zero for a mark.
    pub duration_s: f64,
    /// What happened.
    pub label: String,
}

/// Events in order of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Events {
    /// The events.
    pub events: Vec<Event>,
}
