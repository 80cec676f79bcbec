//! Columns of tables whose names in files, those of SpikeInterface, say little: how they are headed, and what they are.

/// How a column is headed, and what it is; `None` for one that is called what it is.
pub fn known(name: &str) -> Option<[&'static str; 2]> {
    Some(match name {
        "unit_id" => ["Unit", "Name of the unit"],
        "other_unit_id" => ["Other unit", "Name of the unit it is about as well"],
        "num_spikes" => ["Spikes", "Spikes in all segments"],
        "firing_rate" => ["Rate", "Spikes per second of the recording"],
        "firing_range" => ["Rate range", "How far the firing rate ranges: its 95th less its 5th percentile"],
        "presence_ratio" => [
            "Presence",
            "Share of the recording's time bins in which the unit fires; near 1 it is always there",
        ],
        "snr" => ["SNR", "Largest value of the mean waveform over the noise of that channel"],
        "isi_violations_ratio" => [
            "ISI viol.",
            "Rate of spikes within the refractory period over the unit's own rate; 0 is clean, 1 as if from two neurons alike",
        ],
        "isi_violations_count" => {
            ["ISI viol. no.", "Intervals between spikes that are shorter than the refractory period"]
        }
        "rp_contamination" => [
            "Contamination",
            "Share of the unit's spikes that come from other neurons, by violations of the refractory period",
        ],
        "rp_violations" => ["RP viol. no.", "Pairs of spikes within the refractory period"],
        "amplitude_cutoff" => [
            "Missed",
            "Share of spikes below the threshold of detection, by how the histogram of amplitudes is cut off (amplitude cutoff)",
        ],
        "amplitude_median" => ["Ampl. median", "Median of the amplitudes of its spikes"],
        "amplitude_cv_median" => {
            ["Ampl. var.", "Median over time of the amplitudes' standard deviation over their mean"]
        }
        "amplitude_cv_range" => ["Ampl. var. range", "How far the variation of amplitudes ranges over time"],
        "drift_ptp" => ["Drift range", "Distance between the extreme places of the unit over time"],
        "drift_std" => ["Drift SD", "Standard deviation of the unit's place over time"],
        "drift_mad" => ["Drift MAD", "Median absolute deviation of the unit's place over time"],
        "sync_spike_2" => ["Sync 2", "Share of its spikes that another unit fires at the very same sample"],
        "sync_spike_4" => {
            ["Sync 4", "Share of its spikes that three other units fire at the very same sample"]
        }
        "sync_spike_8" => {
            ["Sync 8", "Share of its spikes that seven other units fire at the very same sample"]
        }
        "sliding_rp_violation" => [
            "Contam. bound",
            "Least contamination that can be excluded with 90 % confidence, whatever the refractory period",
        ],
        "sd_ratio" => [
            "SD ratio",
            "Spread of the unit's amplitudes over that of the noise; near 1 for one neuron that is still",
        ],
        "noise_cutoff" => {
            ["Noise cutoff", "How far the amplitudes are cut off by noise, in standard deviations"]
        }
        "noise_ratio" => ["Noise ratio", "Height of the amplitudes' histogram at its cut over its peak"],
        "isolation_distance" => {
            ["Isolation", "Mahalanobis distance within which as many spikes of others lie as the unit has"]
        }
        "l_ratio" => {
            ["L-ratio", "How many spikes of others lie within the unit's cluster; 0 is well isolated"]
        }
        "d_prime" => {
            ["d'", "Separation of the unit from all others by linear discriminant, in standard deviations"]
        }
        "nn_hit_rate" => ["NN hits", "Share of the nearest neighbours of its spikes that are its own"],
        "nn_miss_rate" => {
            ["NN misses", "Share of the nearest neighbours of other spikes that are this unit's"]
        }
        "silhouette" => {
            ["Silhouette", "How much nearer its spikes are to each other than to the next unit: -1 to 1"]
        }
        "r12" => ["R12", "Contamination of the autocorrelogram's middle, as Kilosort tells it"],
        "q12" => {
            ["Q12", "Chance that the autocorrelogram's middle is as empty by luck, as Kilosort tells it"]
        }
        "peak_channel" => ["Channel", "Index of the channel where it is largest"],
        "channel_index" => ["Channel", "Index of the channel where it is largest"],
        "accuracy" => ["Accuracy", "Matched spikes over all spikes of both: tp / (tp + fn + fp)"],
        "recall" => ["Recall", "Share of the true spikes that were found: tp / (tp + fn)"],
        "precision" => ["Precision", "Share of the found spikes that are true: tp / (tp + fp)"],
        "false_discovery_rate" => ["False", "Share of the found spikes that are not true: fp / (tp + fp)"],
        "miss_rate" => ["Missed", "Share of the true spikes that were not found: fn / (tp + fn)"],
        "tp" => ["Matched", "Spikes that are in both (true positives)"],
        "fn" => ["Not found", "True spikes that were not found (false negatives)"],
        "fp" => ["Made up", "Found spikes that are not true (false positives)"],
        "num_gt" => ["True spikes", "Spikes of the true unit"],
        "num_tested" => ["Found spikes", "Spikes of the unit that was found"],
        "tested_id" => ["Found as", "The unit that matches the true one best"],
        "gt_id" => ["True unit", "The true unit that it matches best"],
        "num_matches" => ["Matches", "Spikes that are in both"],
        "num_spikes_other" => ["Other spikes", "Spikes of the other unit"],
        "other_id" => ["Other unit", "The unit of the other sorting that it matches"],
        "num_peaks" => ["Peaks", "Peaks of the cluster"],
        _ => return None,
    })
}

texts! {
    in_files(name, explained): "{explained} (“{name}” in files)";
}
