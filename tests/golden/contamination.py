"""Contamination of correlograms by Kilosort 4.1.7's own CCG module, for the unit test beside ours.

    pip install --no-deps kilosort==4.1.7 && pip install numpy scipy numba tqdm
    python tests/golden/contamination.py > tests/golden/contamination.json

Samples are such that no lag lies half-way between two bins: there Kilosort goes by the rounding of seconds.
"""

import json
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import stand_in_torch

stand_in_torch.put_in_place()
from kilosort.CCG import CCG_metrics, check_CCG, compute_CCG

FS = 25_000.0
rng = np.random.default_rng(11)


def train(rate, seconds, refractory_s=0.003):
    gaps = refractory_s + rng.exponential(1 / rate, int(rate * seconds))
    times = np.cumsum(gaps)
    return (times[times < seconds] * FS).astype(int)


def case(name, a, b=None):
    st1, st2 = a / FS, (a if b is None else b) / FS
    counts, span = compute_CCG(st1, st2)
    r12, q12, q00 = CCG_metrics(st1, st2, counts, span, nbins=500, tbin=1 / 1000)
    refractory, cross, _ = check_CCG(st1, st2)
    return {
        "name": name,
        "a": a.tolist(),
        "b": None if b is None else b.tolist(),
        "r12": float(r12),
        "q12": float(q12),
        "q00": float(q00),
        "refractory": bool(refractory),
        "cross_refractory": bool(cross),
    }


one = train(12.0, 60.0)
side = rng.random(len(one)) < 0.5
late = one > 30 * FS
noise = np.sort(rng.integers(0, int(60 * FS), 500))
cases = [
    case("a neuron", one),
    case("a slow neuron", train(1.5, 60.0)),
    case("noise", noise),
    case("a neuron with one spike in eight of noise", np.sort(np.concatenate([one, noise[::6]]))),
    case("two neurons", one, train(9.0, 60.0)),
    case("a neuron dealt out to two", one[side], one[~side]),
    case("its minutes dealt out to two", one[~late], one[late]),
    case("few spikes", one[::40], train(9.0, 60.0)[::40]),
    case("one after the other", one[::2], one[::2] + 50),
]
print(json.dumps({"sampling_frequency": FS, "cases": cases}))
