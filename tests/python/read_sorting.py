"""Loads a sorting with SpikeInterface and prints trains and properties as JSON."""
import json
import sys

import numpy as np
import spikeinterface as si
import spikeinterface.extractors as se

kind, path = sys.argv[1], sys.argv[2]
if kind == "numpy_folder":
    sorting = si.load(path)
    assert type(sorting).__name__ == "NumpyFolderSorting", type(sorting)
elif kind == "nwb":
    sorting = se.read_nwb_sorting(path, sampling_frequency=float(sys.argv[3]), t_start=0.0)
elif kind == "phy":
    sorting = se.read_phy(path)
else:
    sorting = se.read_mda_sorting(path, sampling_frequency=float(sys.argv[3]))
properties = {}
for key in sorting.get_property_keys():
    values = np.asarray(sorting.get_property(key))
    if values.dtype.kind == "O":  # references within the file, among others
        values = values.astype(str)
    properties[key] = [None if isinstance(v, float) and np.isnan(v) else v for v in values.tolist()]
print(
    json.dumps(
        {
            "rate": sorting.get_sampling_frequency(),
            "units": sorting.unit_ids.tolist(),
            "trains": [
                [sorting.get_unit_spike_train(u, segment_index=s).tolist() for u in sorting.unit_ids]
                for s in range(sorting.get_num_segments())
            ],
            "properties": properties,
        }
    )
)
