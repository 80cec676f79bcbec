"""Reference results of preprocessing: scipy and SpikeInterface on the traces a test wrote.

Usage: preprocess.py FOLDER. Reads traces.f32 (frames, channels) and case.json, writes NAME.f64 for each result.
Made for spikeinterface 0.105.3 and scipy 1.17.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import scipy.signal
import spikeinterface.full as si
import spikeinterface.preprocessing as spre
from spikeinterface.core import NumpyRecording, get_noise_levels
from spikeinterface.core.time_series_tools import get_random_sample_slices
from spikeinterface.preprocessing.preprocessing_tools import get_kriging_channel_weights
from spikeinterface.preprocessing.whiten import compute_whitening_matrix

warnings.simplefilter("ignore")
folder = Path(sys.argv[1])
case = json.loads((folder / "case.json").read_text())
rate = case["sampling_frequency"]
positions = np.array(case["positions_um"])
traces = np.fromfile(folder / "traces.f32", "<f4").reshape(-1, len(positions))


def put(name, values):
    np.ascontiguousarray(values, dtype="<f8").tofile(folder / f"{name}.f64")


# Filters, on the whole trace in double precision.
for name, sos in case["filters"].items():
    put(f"filter_{name}", scipy.signal.sosfiltfilt(np.array(sos), traces.astype("f8"), axis=0))
for name, (order, family, btype, band) in case["designs"].items():
    norm = {"bessel": "bessel", "butter": "butter"}[family]
    put(f"design_{name}", scipy.signal.iirfilter(order, band, btype=btype, ftype=norm, fs=rate, output="sos"))
for name, (frequency, q) in case["notches"].items():
    put(f"design_{name}", scipy.signal.tf2sos(*scipy.signal.iirnotch(frequency, q, fs=rate)))

recording = NumpyRecording([traces], rate)
recording.set_dummy_probe_from_locations(positions)
recording.set_channel_gains(case["gain_to_uv"])
recording.set_channel_offsets(0)


def whole(processed):
    return processed.get_traces()


groups = case["groups"]
put("cmr_global", whole(spre.common_reference(recording)))
put("car_global", whole(spre.common_reference(recording, operator="average")))
put("cmr_groups", whole(spre.common_reference(recording, groups=groups)))
put("cmr_channels", whole(spre.common_reference(recording, ref_channel_ids=groups[0])))
put("cmr_local", whole(spre.common_reference(recording, reference="local", local_radius=(30, 90))))
put("phase_shift", whole(spre.phase_shift(recording, inter_sample_shift=np.array(case["shifts"]))))

chunks = dict(num_chunks_per_segment=6, chunk_size=5000, seed=3)
put("slices", [(s, a, b) for s, a, b in get_random_sample_slices(recording, **chunks)])
for method in ("mad", "std", "rms"):
    put(f"noise_{method}", get_noise_levels(recording, return_in_uV=False, method=method, random_slices_kwargs=chunks))
put("noise_uv", get_noise_levels(recording, return_in_uV=True, random_slices_kwargs=chunks))
for mode in ("median", "mean"):
    put(f"center_{mode}", whole(spre.center(recording, mode=mode, **chunks))[:1000])
# Whitening adds up squares in single precision: on filtered traces, as it is used.
filtered = scipy.signal.sosfiltfilt(np.array(case["filters"]["bandpass"]), traces.astype("f8"), axis=0)
filtered = NumpyRecording([filtered.astype("f4")], rate)
filtered.set_dummy_probe_from_locations(positions)
for name, mode, radius, mean in [
    ("global", "global", None, False),
    ("local", "local", 100.0, False),
    ("mean", "global", None, True),
]:
    w, m = compute_whitening_matrix(filtered, mode, chunks, mean, radius_um=radius)
    put(f"whiten_{name}", w)
    applied = spre.whiten(filtered, mode=mode, radius_um=radius, apply_mean=mean, **chunks)
    put(f"whitened_{name}", whole(applied)[:20000])

bad = case["bad"]
interpolated = spre.interpolate_bad_channels(recording, bad)
put("interpolated", whole(interpolated)[:1000])
put("interpolation_weights", interpolated._kwargs["weights"])

fields = [(name, "int64") for name in ("segment_index", "start_sample_index", "end_sample_index")]
periods = np.array([(0, start, end) for start, end in case["silence"]], dtype=fields)
silenced = spre.silence_periods(recording, periods=periods, mode="zeros")
put("silenced", whole(silenced))

# Bad channels, on the second recording: it holds dead, noisy and outside ones.
labels = {"good": 0, "dead": 1, "noise": 2, "out": 3}
broken = np.fromfile(folder / "broken.f32", "<f4").reshape(-1, case["broken_channels"])
recording = NumpyRecording([broken], rate)
recording.set_dummy_probe_from_locations(np.array(case["broken_positions_um"]))
recording.set_channel_gains(1)
recording.set_channel_offsets(0)
recording.annotate(is_filtered=True)
for method in ("coherence+psd", "std", "mad", "neighborhood_r2"):
    kwargs = dict(num_random_chunks=10, seed=5)
    if method == "neighborhood_r2":
        kwargs["neighborhood_r2_threshold"] = 0.5
    _, found = spre.detect_bad_channels(recording, method=method, **kwargs)
    put(f"bad_{method}", [labels[str(label)] for label in found])
