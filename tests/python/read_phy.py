"""Loads a phy folder with phylib's TemplateModel, as phy does, and prints what it sees as JSON."""
import json
import sys
from pathlib import Path

import numpy as np
from phylib.io.model import load_model

folder = Path(sys.argv[1])
model = load_model(folder / "params.py")
template = model.get_template(1)
facts = {
    "spikes": int(model.n_spikes),
    "templates": int(model.n_templates),
    "channels": int(model.n_channels),
    "rate": float(model.sample_rate),
    "samples": model.spike_samples.tolist(),
    "clusters": model.spike_clusters.tolist(),
    "amplitudes": [float(a) for a in model.amplitudes],
    "positions": model.channel_positions.tolist(),
    "template": template.template.tolist(),
    "template_channels": [int(c) for c in template.channel_ids],
    "metadata": {k: {str(c): v for c, v in d.items()} for k, d in model.metadata.items()},
    "similar": model.similar_templates.tolist(),
    "features": None if model.sparse_features is None else list(model.sparse_features.data.shape),
    "traces": None if model.traces is None else np.asarray(model.traces[5:8]).tolist(),
}
print(json.dumps(facts))
