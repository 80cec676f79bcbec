//! One file per node; a new node is its file and its two lines here.

mod auto;
mod bandpass_filter;
mod carry;
mod channel_statistics;
mod cluster_peaks;
mod collect_tables;
mod command;
mod command_console;
mod command_files;
mod command_names;
mod command_ports;
mod command_presets;
mod command_process;
mod command_python;
mod command_settings;
mod command_template;
mod command_words;
mod common_reference;
mod compare_sortings;
mod compare_to_truth;
mod compute_waveforms;
mod concatenate;
mod convert_dtype;
mod correct_motion;
mod correlograms;
mod depths;
mod detect_bad_channels;
mod detect_edges;
mod detect_peaks;
mod estimate_motion;
mod estimate_templates;
mod export_phy;
mod filter_items;
mod finish_units;
mod generate_hybrid_recording;
mod generate_recording;
mod group_items;
mod highpass_filter;
mod join_items;
mod join_tables;
mod localize_peaks;
mod match_templates;
mod noise_levels;
mod notch_filter;
mod phase_shift;
mod plot_correlograms;
mod plot_drift_map;
mod plot_motion;
mod plot_probe;
mod plot_raster;
mod plot_table;
mod plot_waveforms;
pub mod python;
pub mod python_answers;
mod quality_metrics;
mod read_events;
mod read_motion;
mod read_recording;
mod read_sorting;
mod read_study;
mod read_templates;
mod reader;
mod reader_python;
mod recording_from_files;
mod remove_dc;
mod route_items;
mod save_figure;
mod save_motion;
mod save_recording;
mod save_sorting;
mod save_table;
mod scale;
mod select_channels;
mod select_time;
mod set_keys;
mod silence_periods;
mod sort;
mod sorter_fields;
mod sorting_from_files;
mod spike_amplitudes;
mod spike_features;
mod spike_locations;
mod spikeinterface_sorter;
mod split_back;
mod split_by_group;
mod split_by_time;
mod study_python;
mod suggest_curation;
mod summarize_table;
mod sweep;
mod table_from_files;
mod unit_locations;
mod whiten;

use crate::pipeline::Registry;

/// Every node there is, in the order of the palette.
pub fn registry() -> Registry {
    Registry::default()
        // Source
        .with(read_recording::ReadRecording)
        .with(read_study::ReadStudy)
        .with(read_sorting::ReadSorting)
        .with(read_templates::ReadTemplates)
        .with(read_events::ReadEvents)
        .with(read_motion::ReadMotion)
        .with(recording_from_files::RecordingFromFiles)
        .with(sorting_from_files::SortingFromFiles)
        .with(table_from_files::TableFromFiles)
        .with(generate_recording::GenerateRecording)
        .with(generate_hybrid_recording::GenerateHybridRecording)
        // Shape
        .with(select_channels::SelectChannels)
        .with(select_time::SelectTime)
        .with(concatenate::Concatenate)
        .with(split_back::SplitBack)
        .with(split_by_group::SplitByGroup)
        .with(split_by_time::SplitByTime)
        .with(group_items::GroupItems)
        .with(filter_items::FilterItems)
        .with(route_items::RouteItems)
        .with(join_items::JoinItems)
        .with(set_keys::SetKeys)
        .with(sweep::Sweep)
        .with(collect_tables::CollectTables)
        // Preprocess
        .with(bandpass_filter::BandpassFilter)
        .with(highpass_filter::HighpassFilter)
        .with(notch_filter::NotchFilter)
        .with(remove_dc::RemoveDc)
        .with(common_reference::CommonReference)
        .with(phase_shift::PhaseShift)
        .with(detect_bad_channels::DetectBadChannels)
        .with(correct_motion::CorrectMotion)
        .with(whiten::Whiten)
        .with(silence_periods::SilencePeriods)
        .with(scale::Scale)
        .with(convert_dtype::ConvertDtype)
        // Sort
        .with(sort::Sort)
        .with(spikeinterface_sorter::SpikeinterfaceSorter)
        .with(noise_levels::NoiseLevels)
        .with(detect_peaks::DetectPeaks)
        .with(localize_peaks::LocalizePeaks)
        .with(spike_features::SpikeFeatures)
        .with(estimate_motion::EstimateMotion)
        .with(cluster_peaks::ClusterPeaks)
        .with(estimate_templates::EstimateTemplates)
        .with(match_templates::MatchTemplates)
        .with(finish_units::FinishUnits)
        // Look
        .with(channel_statistics::ChannelStatistics)
        .with(detect_edges::DetectEdges)
        .with(compute_waveforms::ComputeWaveforms)
        .with(spike_amplitudes::SpikeAmplitudes)
        .with(spike_locations::SpikeLocations)
        .with(unit_locations::UnitLocations)
        .with(quality_metrics::QualityMetrics)
        .with(suggest_curation::SuggestCuration)
        .with(correlograms::Correlograms)
        .with(compare_to_truth::CompareToTruth)
        .with(compare_sortings::CompareSortings)
        .with(join_tables::JoinTables)
        .with(summarize_table::SummarizeTable)
        .with(command::Command)
        .with(plot_table::PlotTable)
        .with(plot_raster::PlotRaster)
        .with(plot_waveforms::PlotWaveforms)
        .with(plot_correlograms::PlotCorrelograms)
        .with(plot_probe::PlotProbe)
        .with(plot_drift_map::PlotDriftMap)
        .with(plot_motion::PlotMotion)
        // Output
        .with(save_recording::SaveRecording)
        .with(save_sorting::SaveSorting)
        .with(save_motion::SaveMotion)
        .with(export_phy::ExportPhy)
        .with(save_table::SaveTable)
        .with(save_figure::SaveFigure)
}
