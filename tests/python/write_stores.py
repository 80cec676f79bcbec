"""Writes a recording with SpikeInterface in every zarr compression and with h5py as NWB; prints what each holds.

write_stores.py RECORDING NWB OUT: for each store a line of JSON with its path and that of the traces as npy.
"""

import json
import shutil
import sys
from pathlib import Path

import h5py
import numcodecs
import numpy as np
import spikeinterface as si
import spikeinterface.extractors as se
import spikeinterface.preprocessing as spre

si.set_global_job_kwargs(progress_bar=False)
source, nwb, out = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
recording = si.load(source).frame_slice(0, 60_001)


def describe(name, path, recording):
    traces = out / f"{name}.npy"
    np.save(traces, recording.get_traces())
    facts = {
        "name": name,
        "path": str(path),
        "traces": str(traces),
        "dtype": str(recording.get_dtype()),
        "rate": recording.get_sampling_frequency(),
        "channel_ids": [str(c) for c in recording.channel_ids],
        "gains": recording.get_channel_gains().tolist(),
        "offsets": recording.get_channel_offsets().tolist(),
        "locations": recording.get_channel_locations().tolist() if recording.has_probe() else None,
        "t_start": recording.get_start_time(),
        "groups": [str(g) for g in recording.get_channel_groups()],
    }
    print(json.dumps(facts))


blosc = numcodecs.Blosc
compressors = {
    "zstd_bits": blosc("zstd", 5, blosc.BITSHUFFLE),
    "zstd_bytes": blosc("zstd", 3, blosc.SHUFFLE),
    "lz4_plain": blosc("lz4", 5, blosc.NOSHUFFLE),
    "lz4_bytes": blosc("lz4", 1, blosc.SHUFFLE, blocksize=4096),
    "lz4hc_bits": blosc("lz4hc", 9, blosc.BITSHUFFLE),
    "zlib_bytes": blosc("zlib", 5, blosc.SHUFFLE),
    "stored": blosc("lz4", 0, blosc.SHUFFLE),
    "gzip": numcodecs.GZip(1),
    "zlib": numcodecs.Zlib(1),
    "zstd": numcodecs.Zstd(1),
    "lz4": numcodecs.LZ4(),
}
for index, (name, compressor) in enumerate(compressors.items()):
    dtype = ["int16", "float32", "float64", "int32", "int64"][index % 5]
    one = spre.astype(recording, dtype) if dtype != "int16" else recording
    # Chunks that fit neither the frames nor, for some, the channels.
    chunks = dict(chunk_size=[20_000, 7_777, 60_001, 1_000][index % 4], channel_chunk_size=[None, 5][index % 2])
    path = out / f"{name}.zarr"
    one.save_to_zarr(folder=path, compressor=compressor, **chunks)
    describe(name, path, si.load(path))
filtered = out / "delta.zarr"
recording.save_to_zarr(folder=filtered, filters=[numcodecs.Delta("<i2")], chunk_size=9_999)
describe("delta", filtered, si.load(filtered))
shifted = recording.clone()
shifted.set_property("quality", np.array(["good", "bad"] * 8))
shifted.set_property("impedance", np.arange(16) * 0.5)
shifted.shift_times(2.25)
shifted.save_to_zarr(folder=out / "times.zarr")
describe("times", out / "times.zarr", si.load(out / "times.zarr"))


def series(name, change, libver=None, **storage):
    """A copy of the NWB file with its samples stored anew."""
    path = out / f"{name}.nwb"
    shutil.copy(nwb, path)
    with h5py.File(path, "a", libver=libver) as file:
        group = file["acquisition/ElectricalSeries"]
        data, attributes = group["data"][:], dict(group["data"].attrs)
        dtype = storage.pop("dtype", data.dtype)
        del group["data"]
        group.create_dataset("data", data=data.astype(dtype), **storage)
        group["data"].attrs.update(attributes)
        change(file, group)
    describe(f"nwb_{name}", path, se.read_nwb_recording(path))


def nothing(file, group):
    pass


def timestamps(file, group):
    times = group["starting_time"][()] + np.arange(len(group["data"])) / group["starting_time"].attrs["rate"]
    del group["starting_time"]
    group["timestamps"] = times
    group["timestamps"].attrs["unit"] = "seconds"


def conversions(file, group):
    group["channel_conversion"] = np.linspace(0.5, 2, 16, dtype="float32")
    group["data"].attrs["offset"] = 1e-4
    # The electrodes in another order.
    group["electrodes"][:] = np.arange(16)[::-1]
    del file["general/extracellular_ephys/electrodes/channel_name"]
    columns = file["general/extracellular_ephys/electrodes"].attrs
    columns["colnames"] = [c for c in columns["colnames"] if c != "channel_name"]


series("plain", nothing)
series("gzip", nothing, chunks=(7_777, 5), compression="gzip", shuffle=True)
series("lzf", nothing, chunks=(5_000, 4), compression="lzf", shuffle=True)
series("latest", nothing, libver="latest", chunks=(1_000, 16), compression="gzip", fletcher32=True)
series("floats", nothing, dtype=">f8", chunks=(40_000, 1))
series("timestamps", timestamps, dtype="int32", chunks=True)
series("conversions", conversions)
