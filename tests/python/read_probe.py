"""Reads a probe with probeinterface and prints it as JSON."""
import json
import sys

from probeinterface import read_probeinterface

group = read_probeinterface(sys.argv[1])
probe = group.probes[0]
print(
    json.dumps(
        {
            "probes": len(group.probes),
            "ndim": probe.ndim,
            "positions": probe.contact_positions.tolist(),
            "columns": None if probe.device_channel_indices is None else probe.device_channel_indices.tolist(),
            "shanks": None if probe.shank_ids is None else [str(s) for s in probe.shank_ids],
            "shapes": [str(s) for s in probe.contact_shapes],
            "params": list(probe.contact_shape_params),
            "name": probe.annotations.get("model_name"),
        }
    )
)
