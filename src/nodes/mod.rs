//! One file per node; a new node is its file and its two lines here.

mod common_reference;
mod convert_dtype;
mod phase_shift;
mod read_recording;
mod read_sorting;
mod save_sorting;
mod scale;
mod select_channels;
mod select_time;
mod silence_periods;
mod split_by_group;

use crate::pipeline::Registry;

/// Every node there is.
pub fn registry() -> Registry {
    Registry::default()
        // Source
        .with(read_recording::ReadRecording)
        .with(read_sorting::ReadSorting)
        // Shape
        .with(select_channels::SelectChannels)
        .with(select_time::SelectTime)
        .with(split_by_group::SplitByGroup)
        // Preprocess
        .with(common_reference::CommonReference)
        .with(phase_shift::PhaseShift)
        .with(silence_periods::SilencePeriods)
        .with(scale::Scale)
        .with(convert_dtype::ConvertDtype)
        // Output
        .with(save_sorting::SaveSorting)
}
