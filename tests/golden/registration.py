"""Motion by Kilosort 4.1.7's own registration of batches, for the unit test beside ours.

    pip install --no-deps kilosort==4.1.7 && pip install numpy scipy
    python tests/golden/registration.py > tests/golden/registration.json
"""

import contextlib
import json
import pathlib
import sys
import types

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import stand_in_torch

stand_in_torch.put_in_place()
# The detection, which neither function calls, needs all of torch.
sys.modules["kilosort.spikedetect"] = types.ModuleType("kilosort.spikedetect")
from kilosort import datashift


@contextlib.contextmanager
def in_double_precision():
    single = stand_in_torch.Tensor.float
    stand_in_torch.Tensor.float = lambda tensor: stand_in_torch.Tensor(tensor.array.copy())
    yield
    stand_in_torch.Tensor.float = single


BIN_UM, BIN_S, LEAST = 5, 2, 9


def case(seed, top_um, num_batches, per_batch, nblocks, smoothing):
    rng = np.random.default_rng(seed)
    units = rng.uniform(0, top_um, 25), rng.uniform(10, 60, 25)
    times = np.sort(rng.uniform(0, BIN_S * num_batches, per_batch * num_batches))
    own = rng.integers(0, 25, times.size)
    moved = 25 * np.sin(times / 9) * (1 - 0.6 * units[0][own] / top_um)
    depths = np.clip(units[0][own] + moved + rng.normal(0, 3, times.size), 0, top_um)
    sizes = np.maximum(LEAST + 0.1, units[1][own] * rng.uniform(0.8, 2.5, times.size))
    times, depths, sizes = np.round(times, 3), np.round(depths, 1), np.round(sizes, 1)
    spikes = np.zeros((times.size, 5))
    spikes[:, 1], spikes[:, 2], spikes[:, 4] = depths, sizes, times // BIN_S
    ops = dict(
        yc=np.array([0.0, top_um]), binning_depth=BIN_UM, Nbatches=num_batches, Th_universal=LEAST, nblocks=nblocks,
        drift_smoothing=smoothing,
    )  # fmt: skip
    counts, centers = datashift.bin_spikes(ops, spikes)
    shifts, blocks, _, _ = datashift.align_block2(counts, centers, ops, device="cpu")
    # Shifts that fit a batch equally well would leave it to rounding.
    with in_double_precision():
        assert np.array_equal(shifts, datashift.align_block2(counts, centers, ops, device="cpu")[0]), "draw other spikes"
    return dict(
        top_um=top_um, num_batches=num_batches, num_blocks=nblocks, smoothing=smoothing, bin_um=BIN_UM, bin_s=BIN_S,
        sizes=[LEAST, 100], time_s=times.tolist(), depth_um=depths.tolist(), size=sizes.tolist(),
        num_spikes_binned=float((2**counts - 1).sum()), shift_um=(shifts * BIN_UM).tolist(), block_um=blocks.tolist(),
    )  # fmt: skip


cases = [
    case(1, 400.0, 24, 60, 1, [0.5, 0.5, 0.5]),
    case(6, 620.0, 30, 60, 3, [0.5, 0.5, 0.5]),
    case(3, 383.0, 13, 80, 2, [0, 1.5, 0.7]),
]
print(json.dumps(cases))
