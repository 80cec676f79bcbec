"""The few functions of torch that Kilosort's correlogram, clustering and drift modules call, on numpy.

They run on a CPU with the numbers torch has there: sums of ones and of neighbour counts, the first largest entry of a
row. Used where torch itself, a download of gigabytes, is not installed.
"""

import pathlib
import sys
import types

import numpy as np


class Tensor:
    """An array with the methods of a torch tensor that are called."""

    def __init__(self, array):
        self.array = np.asarray(array)

    shape = property(lambda self: self.array.shape)
    nbytes = property(lambda self: self.array.nbytes)

    def to(self, _device):
        return self

    cpu = to_dense = lambda self: self

    def numpy(self):
        return self.array

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.array, dtype=dtype)

    def clone(self):
        return Tensor(self.array.copy())

    def flatten(self):
        return Tensor(self.array.ravel())

    def unsqueeze(self, axis):
        return Tensor(np.expand_dims(self.array, axis))

    def tile(self, repeats):
        return Tensor(np.tile(self.array, repeats))

    def max(self):
        return self.array.max()

    def mean(self, axis):
        return Tensor(self.array.mean(axis))

    def float(self):
        return Tensor(self.array.astype(np.float32))

    def __len__(self):
        return len(self.array)

    def __getitem__(self, index):
        return Tensor(self.array[index.array if isinstance(index, Tensor) else index])

    def __setitem__(self, index, value):
        self.array[index] = plain(value)

    def __add__(self, other):
        return Tensor(self.array + plain(other))

    def __sub__(self, other):
        return Tensor(self.array - plain(other))

    def __mul__(self, other):
        return Tensor(self.array * plain(other))

    __radd__, __rmul__ = __add__, __mul__


def plain(value):
    return value.array if isinstance(value, Tensor) else value


def coo(indices, values, shape):
    """A sparse matrix whose entries at one place add up, already dense."""
    dense = np.zeros(tuple(int(plain(n)) for n in shape), np.float64)
    rows, columns = plain(indices).astype(np.int64)
    np.add.at(dense, (rows, columns), plain(values))
    return Tensor(dense)


def unique(tensor, return_inverse):
    values, inverse = np.unique(tensor.array, return_inverse=return_inverse)
    return Tensor(values), Tensor(inverse)


def put_in_place():
    """Makes `import torch` and `import kilosort.…` work without torch, where it is not there."""
    try:
        import torch  # noqa: F401

        return
    except ImportError:
        pass
    torch = types.ModuleType("torch")
    torch.Tensor = Tensor
    torch.sparse_coo_tensor = coo
    torch.device = lambda name: name
    torch.from_numpy = Tensor
    torch.arange = lambda n, device=None: Tensor(np.arange(n))
    torch.ones = lambda shape, device=None: Tensor(np.ones(shape))
    torch.zeros = lambda shape, device=None: Tensor(np.zeros(shape))
    torch.vstack = lambda parts: Tensor(np.vstack([p.array for p in parts]))
    torch.roll = lambda tensor, shift, axis: Tensor(np.roll(tensor.array, shift, axis))
    torch.argmax = lambda tensor, axis: Tensor(tensor.array.argmax(axis))
    torch.unique = unique
    torch.nn = types.ModuleType("torch.nn")
    torch.nn.functional = types.ModuleType("torch.nn.functional")
    torch.nn.functional.conv1d = None
    sys.modules.update({"torch": torch, "torch.nn": torch.nn, "torch.nn.functional": torch.nn.functional})
    # The package's own __init__ imports all of the sorter.
    folder = next(pathlib.Path(p) / "kilosort" for p in sys.path if (pathlib.Path(p) / "kilosort").is_dir())
    kilosort = types.ModuleType("kilosort")
    kilosort.__path__ = [str(folder)]
    utils = types.ModuleType("kilosort.utils")
    utils.log_performance = lambda *_, **__: None
    sys.modules.update({"kilosort": kilosort, "kilosort.utils": utils})
