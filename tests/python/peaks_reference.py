"""Peaks and their positions as SpikeInterface finds them.

Arguments: a folder with traces.raw (float32, frames x channels), about.json and, of ours, peaks.json. Prints JSON.
"""

import json
import sys
from pathlib import Path

import numpy as np
import spikeinterface.core as si
from probeinterface import Probe
from scipy.optimize import minimize_scalar
from spikeinterface.postprocessing.localization_tools import estimate_distance_error_with_log
from spikeinterface.sortingcomponents.peak_detection import detect_peaks
from spikeinterface.sortingcomponents.peak_localization import localize_peaks

folder = Path(sys.argv[1])
about = json.loads((folder / "about.json").read_text())
ours = json.loads((folder / "peaks.json").read_text())
positions = np.array(about["positions"])
rate = about["sampling_frequency"]
traces = np.fromfile(folder / "traces.raw", dtype="float32").reshape(-1, len(positions))
recording = si.NumpyRecording([traces], rate)
probe = Probe(ndim=2, si_units="um")
probe.set_contacts(positions=positions, shapes="circle", shape_params={"radius": 5})
probe.set_device_channel_indices(np.arange(len(positions)))
recording.set_probe(probe)
jobs = dict(n_jobs=1, chunk_duration="1s", progress_bar=False)

found = {}
for sign in ("neg", "pos", "both"):
    peaks = detect_peaks(
        recording,
        method="locally_exclusive",
        method_kwargs=dict(
            peak_sign=sign,
            detect_threshold=about["detect_threshold"],
            exclude_sweep_ms=about["exclude_sweep_ms"],
            radius_um=about["radius_um"],
            noise_levels=np.array(about["noise"]),
        ),
        job_kwargs=jobs,
    )
    found[sign] = [[int(p["sample_index"]), int(p["channel_index"])] for p in peaks]

dtype = [("sample_index", "int64"), ("channel_index", "int64"), ("amplitude", "float64"), ("segment_index", "int64")]
peaks = np.zeros(len(ours["sample"]), dtype=dtype)
peaks["sample_index"] = ours["sample"]
peaks["channel_index"] = ours["channel"]
peaks["amplitude"] = ours["amplitude"]
before = int(0.5 * rate / 1000)
times = np.arange(-before, before) * 1000 / rate
prototype = -np.exp(-(times**2) / (2 * 0.25**2))
places = {}
for method, settings in [
    ("center_of_mass", dict(radius_um=75.0)),
    ("monopolar_triangulation", dict(radius_um=75.0)),
    ("grid_convolution", dict(radius_um=40.0, prototype=prototype)),
]:
    located = localize_peaks(
        recording, peaks, method=method, ms_before=0.5, ms_after=0.5, method_kwargs=settings, job_kwargs=jobs
    )
    places[method] = [[float(p["x"]), float(p["y"])] for p in located]

# How much better or worse than theirs the fit of our place is, with the distance that fits it best.
excess = []
for peak, mine in zip(peaks, ours["monopolar_triangulation"]):
    near = np.flatnonzero(np.linalg.norm(positions - positions[peak["channel_index"]], axis=1) <= 75.0)
    cut = traces[peak["sample_index"] - before : peak["sample_index"] + before, near]
    spans = np.ptp(cut, axis=0).astype("float64")

    def cost(x, y):
        at = lambda depth: estimate_distance_error_with_log(
            np.array([x, y, np.exp(depth)]), spans, positions[near], spans.max()
        )
        depths = np.linspace(0, np.log(1500), 60)
        best = int(np.argmin([at(depth) for depth in depths]))
        bounds = (depths[max(best - 1, 0)], depths[min(best + 1, 59)])
        return minimize_scalar(at, bounds=bounds, method="bounded", options=dict(xatol=1e-8)).fun

    theirs = places["monopolar_triangulation"][len(excess)]
    excess.append(float(cost(*mine) - cost(*theirs)))

print(json.dumps({"peaks": found, "places": places, "excess": excess}))
