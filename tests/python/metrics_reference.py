"""What SpikeInterface makes of a recording and its sortings, as JSON.

metrics_reference.py FOLDER: reads about.json, traces.raw (int16), spikes.json and tested.json there.
"""

import json
import sys
from pathlib import Path

import numpy as np
import spikeinterface.core as si
from probeinterface import Probe
from spikeinterface.comparison import compare_sorter_to_ground_truth, compare_two_sorters
from spikeinterface.postprocessing.correlograms import compute_correlograms

folder = Path(sys.argv[1])
about = json.loads((folder / "about.json").read_text())
rate = about["sampling_frequency"]


def sorting(name):
    spikes = json.loads((folder / name).read_text())
    samples, units = np.array(spikes["sample_index"]), np.array(spikes["unit_index"])
    return si.NumpySorting.from_samples_and_labels([samples], [units], rate, unit_ids=np.arange(spikes["num_units"]))


recording = si.BinaryRecordingExtractor(
    folder / "traces.raw", rate, "int16", num_channels=about["num_channels"],
    gain_to_uV=about["gain_to_uv"], offset_to_uV=0.0, is_filtered=True,
)  # fmt: skip
probe = Probe(ndim=2)
probe.set_contacts(np.array(about["positions"]), shapes="circle", shape_params={"radius": 6.0})
probe.set_device_channel_indices(np.arange(about["num_channels"]))
recording.set_probe(probe)
truth, tested = sorting("spikes.json"), sorting("tested.json")

analyzer = si.create_sorting_analyzer(
    truth, recording, format="memory", sparse=False, main_channel_indices=np.array(about["main_channels"])
)
names = [
    "num_spikes", "firing_rate", "presence_ratio", "snr", "isi_violation", "rp_violation",
    "amplitude_cutoff", "amplitude_median", "drift",
]  # fmt: skip
analyzer.compute("random_spikes", method="all")
analyzer.compute("templates", ms_before=1.0, ms_after=2.0, operators=["average"])
analyzer.compute("noise_levels")
# The same chunks on both sides.
levels = si.get_noise_levels(
    recording, return_in_uV=True, method="mad", force_recompute=True, random_slices_kwargs=dict(seed=0)
)
analyzer.get_extension("noise_levels").data["noise_levels"] = levels
analyzer.compute("spike_amplitudes")
analyzer.compute("spike_locations", method="center_of_mass")
analyzer.compute("unit_locations", method="center_of_mass")
analyzer.compute("quality_metrics", metric_names=names)
metrics = analyzer.get_extension("quality_metrics").get_data()
correlograms, bins = compute_correlograms(truth, window_ms=50.0, bin_ms=1.0, method="numpy")


def plain(values):
    return [None if value is None or np.isnan(float(value)) else float(value) for value in values]


compared = compare_sorter_to_ground_truth(truth, tested, exhaustive_gt=True)
performance = compared.get_performance()
two = compare_two_sorters(truth, tested)
locations = analyzer.get_extension("spike_locations").get_data()
print(
    json.dumps(
        dict(
            metrics={name: plain(metrics[name]) for name in metrics.columns},
            templates=analyzer.get_extension("templates").get_templates().tolist(),
            amplitudes=analyzer.get_extension("spike_amplitudes").get_data().tolist(),
            spike_locations=[[float(p["x"]), float(p["y"])] for p in locations],
            unit_locations=analyzer.get_extension("unit_locations").get_data()[:, :2].tolist(),
            correlograms=correlograms.tolist(),
            bins=bins.tolist(),
            performance={name: plain(performance[name]) for name in performance.columns},
            tested_ids=[int(i) for i in compared.count_score["tested_id"]],
            confusion=compared.get_confusion_matrix().values.tolist(),
            well_detected=[int(u) for u in compared.get_well_detected_units()],
            false_positive=[int(u) for u in compared.get_false_positive_units()],
            redundant=[int(u) for u in compared.get_redundant_units()],
            overmerged=[int(u) for u in compared.get_overmerged_units()],
            agreement=two.agreement_scores.values.tolist(),
            matches=[int(i) for i in two.hungarian_match_12],
        )
    )
)
