"""Writes a recording and a sorting in the formats that are asked for.

write_outputs.py RECORDING SORTING NWB NAME=PATH...: names such as r_npy, r_nwb, r_phy, s_npz, s_zarr, s_nwb, s_phy, s_firings.
NWB is a file whose electrical series and units are replaced.
"""

import shutil
import sys
from pathlib import Path

import h5py
import numpy as np
import spikeinterface.core as si
from spikeinterface.exporters import export_to_phy
from spikeinterface.extractors.mdaextractors import MdaSortingExtractor

si.set_global_job_kwargs(progress_bar=False)
recording, sorting, template = si.load(sys.argv[1]), si.load(sys.argv[2]), Path(sys.argv[3])
asked = dict(word.split("=", 1) for word in sys.argv[4:])


def nwb(path):
    shutil.copy(template, path)
    with h5py.File(path, "a") as file:
        series = file["acquisition/ElectricalSeries"]
        attributes = dict(series["data"].attrs)
        del series["data"]
        series.create_dataset("data", data=recording.get_traces()).attrs.update(attributes)
        units = file["units"]
        rate = recording.get_sampling_frequency()
        start = series["starting_time"][()]
        trains = [start + sorting.get_unit_spike_train(unit) / rate for unit in sorting.unit_ids]
        for name in ("spike_times", "spike_times_index", "id"):
            attributes = dict(units[name].attrs)
            values = {
                "spike_times": np.concatenate(trains),
                "spike_times_index": np.cumsum([len(train) for train in trains]),
                "id": np.arange(len(trains)),
            }[name]
            del units[name]
            units.create_dataset(name, data=values)
            for key, value in attributes.items():
                units[name].attrs[key] = units["spike_times"].ref if key == "target" else value
        for name in set(units) - {"spike_times", "spike_times_index", "id"}:
            del units[name]
        units.attrs["colnames"] = ["spike_times"]


def phy(path):
    analyzer = si.create_sorting_analyzer(sorting, recording, sparse=False)
    analyzer.compute(["random_spikes", "waveforms", "templates", "noise_levels", "spike_amplitudes"])
    export_to_phy(analyzer, path, compute_pc_features=False, copy_binary=True, verbose=False)


write = {
    "r_npy": lambda path: np.save(path, recording.get_traces()),
    "r_nwb": nwb,
    "r_phy": phy,
    "s_npz": lambda path: si.NpzSortingExtractor.write_sorting(sorting, path),
    "s_zarr": lambda path: sorting.save(folder=path, format="zarr"),
    "s_nwb": nwb,
    "s_phy": phy,
    "s_firings": lambda path: MdaSortingExtractor.write_sorting(sorting, path),
}
for name, path in asked.items():
    write[name](path)
