"""Loads a recording with SpikeInterface and compares it with arrays beside it; prints what it knows as JSON."""
import json
import sys
from pathlib import Path

import numpy as np
import spikeinterface as si
import spikeinterface.extractors as se

kind, folder, expected = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
recording = si.load(folder) if kind == "binary_folder" else se.read_mda_recording(folder)
for segment in range(recording.get_num_segments()):
    traces = recording.get_traces(segment_index=segment)
    wanted = np.load(expected / f"traces_{segment}.npy")
    assert traces.shape == wanted.shape, (traces.shape, wanted.shape)
    assert np.array_equal(traces, wanted.astype(traces.dtype)), f"segment {segment} differs"
facts = {
    "dtype": str(recording.get_dtype()),
    "rate": recording.get_sampling_frequency(),
    "channel_ids": [str(c) for c in recording.channel_ids],
    "gains": None if recording.get_channel_gains() is None else recording.get_channel_gains().tolist(),
    "offsets": None if recording.get_channel_offsets() is None else recording.get_channel_offsets().tolist(),
    "locations": recording.get_channel_locations().tolist() if recording.has_probe() else None,
    "frames": [recording.get_num_samples(s) for s in range(recording.get_num_segments())],
}
if kind == "binary_folder":
    facts["filtered"] = recording.is_filtered()
    facts["groups"] = np.asarray(recording.get_channel_groups()).tolist()
    facts["shifts"] = np.asarray(recording.get_property("inter_sample_shift")).tolist()
    facts["t_starts"] = [recording.get_start_time(s) for s in range(recording.get_num_segments())]
    facts["annotation"] = recording.get_annotation("experimenter")
    probe = recording.get_probe()
    facts["shape"] = [str(probe.contact_shapes[0]), probe.contact_shape_params[0]]
    facts["shanks"] = [str(s) for s in probe.shank_ids]
    facts["model"] = probe.annotations.get("model_name")
print(json.dumps(facts))
