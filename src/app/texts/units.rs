//! Units.

texts! {
    // The columns that every sorting has, before those of tables and properties.
    ampl: "Ampl.";
    ampl_raw: "Ampl. (raw)";
    unit: "Unit";
    spikes: "Spikes";
    rate_hz: "Rate (Hz)";
    snr: "SNR";
    viol_percent: "Viol. (%)";
    depth_um: "Depth (µm)";
    ampl_in(unit): "Ampl. ({unit})";

    // Auto- and cross-correlograms of the selected units.
    auto_and_cross_correlograms: "Auto- and cross-correlograms";
    autocorrelogram: "Autocorrelogram";
    correlograms: "Correlograms";

    // Where the spikes of the selected units lie on the probe.
    locations_um: "Locations (µm)";
    locations: "Locations";
    no_locations: "No locations";

    // Units of a sorting: a table on the left, everything about the selected ones on the right.
    no_units_were_found: "No units were found";
    no_units_hint:
        "Lower the detection threshold, or look at the traces: are there spikes, and are they negative?";

    // The panels about the selected units.
    waveforms_on_the_probe: "Waveforms on the probe";
    averaging: "Averaging…";
    no_waveforms: "To see waveforms, connect this sorting and its recording to one node";
    recording_not_read: "The recording of these units cannot be read: see the problems";
    traces: "Traces";
    traces_hint: "Look at the spikes of these units in the traces";
    amplitude: "Amplitude";
    amplitude_over_time: "Amplitude over time";
    depth_over_time: "Depth over time";
    no_amplitudes: "This sorting has no amplitudes.";
    raster: "Raster";
    waveforms_of(ids): "Waveforms of {ids}";
    and_more(more): " and {more} more";
    amplitude_in(unit): "Amplitude ({unit})";

    // The table of units.
    filter_example: "Filter, such as snr > 5, good";
    filter_hint:
        "Words must occur in the name or in a text of the unit; conditions are column > number, \
                 with <, <=, =, >= too. Commas between them.";
    filter_units: "Filter units";
    save_table: "Save table…";
    unit_named(unit): "Unit {unit}";
    units(count): "{count} units";
    of_units(shown, count): "{shown} of {count} units";

    // What the columns mean.
    name_of_the_unit: "Name of the unit";
    spikes_in_all_segments: "Spikes in all segments";
    spikes_per_second: "Spikes per second";
    median_amplitude: "Median amplitude of its spikes";
    largest_value_over_noise: "Largest value of the mean waveform over the noise of its channel";
    intervals_under: "Intervals under 1.5 ms, in percent";
    where_the_unit_sits: "Where the unit sits along the probe";
}
