"""Dip scores and cut points of SpikeInterface 0.105.3's isocut, for the unit test beside ours.

    python tests/golden/isocut.py > tests/golden/isocut.json
"""

import json

import numpy as np
from spikeinterface.sortingcomponents.clustering.isosplit_isocut import isocut

rng = np.random.default_rng(7)
cases = []
for n, gap in [(20, 0.0), (60, 0.0), (60, 3.0), (80, 6.0), (150, 2.5), (200, 4.0), (200, 0.0)]:
    x = np.concatenate([rng.normal(0, 1, n - n // 3), rng.normal(gap, 0.7, n // 3)])
    x = np.sort(np.round(x, 6))
    dip, cut = isocut(x)
    cases.append({"samples": x.tolist(), "dip": float(dip), "cut": float(cut)})
print(json.dumps(cases))
