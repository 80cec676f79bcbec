"""Writes chains of SpikeInterface's preprocessing as JSON with the traces they give.

write_chains.py RECORDING OUT: for each chain NAME.json and NAME_SEGMENT.npy; prints the names as JSON.
"""

import json
import sys
from pathlib import Path

import numpy as np
import spikeinterface as si
import spikeinterface.preprocessing as spre

source, out = Path(sys.argv[1]), Path(sys.argv[2])
recording = si.load(source).frame_slice(0, 80_000)
floats = spre.astype(recording, "float32")
first, second = recording.frame_slice(0, 30_000), recording.frame_slice(30_000, 51_000)
filtered = [spre.bandpass_filter(floats.frame_slice(a, a + 20_000), 300, 6000) for a in (0, 40_000)]
chains = {
    "center": spre.center(recording, seed=5),
    "center_mean": spre.center(floats, mode="mean", seed=2, num_chunks_per_segment=7, chunk_size=3000),
    "gaussian": spre.gaussian_filter(floats, freq_min=300.0, freq_max=5000.0),
    "gaussian_whole": spre.gaussian_filter(recording, freq_min=500.0, freq_max=2000.0),
    "gaussian_low": spre.gaussian_filter(floats, freq_min=None, freq_max=1500.0),
    "gaussian_high": spre.gaussian_filter(floats, freq_min=400.0, freq_max=None),
    "concatenated": spre.center(si.concatenate_recordings([first, second]), seed=1),
    "appended": si.append_recordings([first, second]),
    "filtered_then_joined": spre.common_reference(si.concatenate_recordings(filtered)),
    "one_segment": si.append_recordings([first, second, first]).select_segments([1]),
}
for name, chain in chains.items():
    chain.dump_to_json(out / f"{name}.json")
# Newer versions do not write this one, older ones did.
silenced = {
    "class": "spikeinterface.preprocessing.silence_periods.SilencedPeriodsRecording",
    "module": "spikeinterface",
    "version": "0.102.0",
    "kwargs": {
        "recording": json.loads((out / "appended.json").read_text()),
        "list_periods": [[[100, 250], [29_990, 30_000]], [[0, 7]]],
        "mode": "zeros",
    },
    "annotations": {},
    "properties": {},
    "relative_paths": False,
}
(out / "silenced.json").write_text(json.dumps(silenced))
names = [*chains, "silenced"]
for name in names:
    # What the file gives, not what it was written from.
    chain = si.load(out / f"{name}.json")
    for segment in range(chain.get_num_segments()):
        np.save(out / f"{name}_{segment}.npy", chain.get_traces(segment_index=segment))
print(json.dumps(names))
