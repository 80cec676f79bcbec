"""Labels and dip scores of the Python package isosplit6 0.1.4, for the unit tests beside ours.

    pip install isosplit6==0.1.4
    python tests/golden/isosplit6_labels.py > tests/golden/isosplit6_labels.json

The package ignores initial labels that it is given; it always starts from its own parcels, which are not random.
"""

import json

import numpy as np
import isosplit6_cpp
from isosplit6 import isosplit6

rng = np.random.default_rng(5)


def clouds(*parts):
    """(count, mean, standard deviations) each, in random order."""
    points = np.vstack([rng.normal(mean, scale, (count, len(mean))) for count, mean, scale in parts])
    return np.round(rng.permutation(points), 2)


def isocut6(samples):
    """The package's own isocut6 misspells the name of its function."""
    found = np.zeros(2)
    isosplit6_cpp.isocust6_fn(found, samples)
    return found.tolist()


sets = {
    "one": clouds((700, [0, 0, 0], 1)),
    "two far": clouds((400, [0, 0], 1), (250, [9, 2], [1, 0.5])),
    "three of other sizes": clouds((600, [0, 0, 0], 1), (200, [7, 0, 0], 0.7), (60, [0, 8, 2], 0.5)),
    "long and parallel": clouds((400, [0, 0], [6, 0.5]), (400, [0, 4], [6, 0.5])),
    "six": clouds(*[(150, 6 * np.array([np.cos(k), np.sin(k), 0.3 * k, 0]), 0.8) for k in range(6)]),
    "few": clouds((8, [0, 0], 1), (9, [30, 0], 1)),
}
dips = [
    np.round(np.concatenate([rng.normal(0, 1, n - n // 3), rng.normal(gap, 0.7, n // 3)]), 5)
    for n, gap in [(20, 0.0), (90, 3.0), (150, 6.0), (300, 2.0), (300, 0.0)]
]
print(
    json.dumps(
        {
            "sets": [
                {
                    "name": name,
                    "dim": points.shape[1],
                    # As 32-bit numbers, which ours are.
                    "points": points.ravel().tolist(),
                    "labels": isosplit6(points.astype(np.float32)).tolist(),
                }
                for name, points in sets.items()
            ],
            "dips": [
                dict(zip(("samples", "dip", "cut"), [x.tolist(), *isocut6(x)])) for x in dips
            ],
        }
    )
)
