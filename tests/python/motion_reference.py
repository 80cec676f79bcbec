"""Motion as SpikeInterface estimates, corrects, reads and writes it.

Arguments: a folder with about.json, traces.raw (float32, frames x channels) and the motion that was saved as `ours`.
Prints JSON and saves SpikeInterface's own estimate as `theirs`.

SpikeInterface's DREDge asks torch for a few array functions. Numpy stands in for them here, so that the tests need no
torch; all of the method itself is SpikeInterface's.
"""

import importlib.machinery
import json
import sys
import types
from pathlib import Path

import numpy as np


class Tensor(np.ndarray):
    def cpu(self):
        return np.asarray(self)


def tensor(values, dtype=None, device=None):
    return np.asarray(values, dtype=np.float32).view(Tensor)


def conv1d(x, weights, padding=0):
    x = np.pad(np.asarray(x)[:, 0], ((0, 0), (padding, padding)))
    weights = np.asarray(weights)[:, 0]
    rows = [np.lib.stride_tricks.sliding_window_view(row, weights.shape[1]).copy() @ weights.T for row in x]
    return np.array(rows).transpose(0, 2, 1).copy().view(Tensor)


def largest(values, dim):
    values = np.asarray(values)
    return values.max(axis=dim).view(Tensor), values.argmax(axis=dim).view(Tensor)


torch = types.ModuleType("torch")
torch.nn = types.ModuleType("torch.nn")
torch.nn.functional = types.ModuleType("torch.nn.functional")
torch.nn.functional.conv1d = conv1d
torch.cuda = types.SimpleNamespace(is_available=lambda: False)
torch.device, torch.float, torch.float32 = str, np.float32, np.float32
torch.as_tensor, torch.max = tensor, largest
torch.atleast_2d, torch.square, torch.sqrt, torch.broadcast_to = np.atleast_2d, np.square, np.sqrt, np.broadcast_to
torch.ones = lambda shape, dtype=None, device=None: np.ones(shape, np.float32).view(Tensor)
torch.__spec__ = importlib.machinery.ModuleSpec("torch", None)
for module in (torch, torch.nn, torch.nn.functional):
    sys.modules[module.__name__] = module

import spikeinterface.core as si  # noqa: E402
from probeinterface import Probe  # noqa: E402
from spikeinterface.core.motion import Motion  # noqa: E402
from spikeinterface.sortingcomponents.motion import estimate_motion, interpolate_motion  # noqa: E402

folder = Path(sys.argv[1])
about = json.loads((folder / "about.json").read_text())
positions = np.array(about["positions"])
probe = Probe(ndim=2, si_units="um")
probe.set_contacts(positions=positions, shapes="circle", shape_params={"radius": 5})
probe.set_device_channel_indices(np.arange(len(positions)))

# The estimate: the recording only tells where contacts are and how long it lasts.
rate = about["sampling_frequency"]
silence = si.NumpyRecording([np.zeros((about["num_frames"], len(positions)), dtype="int8")], rate)
silence.set_probe(probe)
peaks = np.zeros(
    len(about["sample"]),
    dtype=[("sample_index", "int64"), ("channel_index", "int64"), ("amplitude", "float64"), ("segment_index", "int64")],
)
peaks["sample_index"], peaks["amplitude"] = about["sample"], about["amplitude"]
locations = np.zeros(peaks.size, dtype=[("x", "float64"), ("y", "float64")])
locations["y"] = about["depth"]
found = {}
for name, settings in about["estimates"].items():
    motion = estimate_motion(silence, peaks, locations, method="dredge_ap", **settings)
    found[name] = dict(displacement=motion.displacement[0].tolist(), depths=motion.spatial_bins_um.tolist())
    if name == "nonrigid":
        motion.save(folder / "theirs")

# The correction.
ours = Motion.load(folder / "ours")
traces = np.fromfile(folder / "traces.raw", dtype="float32").reshape(-1, len(positions))
recording = si.NumpyRecording([traces], about["traces_rate"])
recording.set_probe(probe)
corrected = {}
for index, settings in enumerate(about["corrections"]):
    out = interpolate_motion(recording, ours, **settings)
    out.get_traces().astype("float32").tofile(folder / f"corrected_{index}.raw")
    corrected[index] = [int(i) for i in recording.ids_to_indices(out.channel_ids)]
print(json.dumps(dict(estimates=found, channels=corrected)))
