def with_places(recording):
    """The recording with places for its channels: where it has no probe, all are near each other."""
    if recording.has_probe():
        return recording
    places = np.zeros((recording.get_num_channels(), 2))
    places[:, 1] = 1e-3 * np.arange(len(places))
    made = recording.clone()
    made.set_dummy_probe_from_locations(places)
    return made


def analyzer_of(sorting, recording, seed, radius_um=100.0):
    """A sorting analyzer of the channels within a radius of the main one of each unit."""
    near = {"method": "radius", "radius_um": radius_um}
    return si.create_sorting_analyzer(sorting, with_places(recording), seed=seed, sparsity_kwargs=near)


def metrics_of(sorting, recording, params, seed):
    """The quality metrics of all units; how far they drift where there is a probe."""
    analyzer = analyzer_of(sorting, recording, seed)
    chunks = {"random_slices_kwargs": {"seed": seed}}
    analyzer.compute({"random_spikes": {"seed": seed}, "noise_levels": chunks, "templates": {}, "spike_amplitudes": {}})
    if recording.has_probe():
        analyzer.compute("spike_locations")
    analyzer.compute("quality_metrics", metric_params=params, seed=seed)
    table = analyzer.get_extension("quality_metrics").get_data()
    return table.rename_axis("unit_id").reset_index()


def matched_units(comparison):
    """The units of a sorting with their partners, then those of the other sorting that have none."""
    forward, backward = comparison.get_matching()
    spikes, spikes_other = comparison.event_counts1, comparison.event_counts2
    rows = []
    for unit, other in forward.items():
        if other in comparison.unit2_ids:
            agreement = comparison.agreement_scores.at[unit, other]
            matches = comparison.match_event_count.at[unit, other]
            rows.append((unit, other, agreement, matches, spikes[unit], spikes_other[other]))
        else:
            rows.append((unit, None, 0.0, 0, spikes[unit], 0))
    for other, unit in backward.items():
        if unit not in comparison.unit1_ids:
            rows.append((None, other, 0.0, 0, 0, 0))
    names = ["unit_id", "other_id", "agreement", "num_matches", "num_spikes", "num_spikes_other"]
    # Names stay what they are beside those that are missing.
    table = pd.DataFrame(rows, columns=names, dtype=object)
    return table.astype({"agreement": float, **dict.fromkeys(names[3:], int)})


def correlograms_table(sorting, window_ms, bin_ms, cross):
    """How often units fire how long after each other: each pair of units once, or each with itself alone."""
    units = list(enumerate(sorting.unit_ids))
    if not units:
        return pd.DataFrame(columns=["unit_a", "unit_b", "bin_start_ms", "count"])
    counts, edges = spost.compute_correlograms(sorting, window_ms=window_ms, bin_ms=bin_ms)
    tables = [
        pd.DataFrame({"unit_a": name, "unit_b": other, "bin_start_ms": edges[:-1], "count": counts[a, b]})
        for a, name in units
        for b, other in units[a : None if cross else a + 1]
    ]
    return pd.concat(tables, ignore_index=True)
