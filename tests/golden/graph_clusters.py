"""Groups, merge trees and clusters by Kilosort 4.1.7's own modules, for the unit test beside ours.

    pip install --no-deps kilosort==4.1.7 && pip install numpy scipy numba tqdm faiss-cpu
    python tests/golden/graph_clusters.py > tests/golden/graph_clusters.json
"""

import json
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import stand_in_torch

stand_in_torch.put_in_place()
import torch
from kilosort import clustering_qr, hierarchical, swarmsplitter

rng = np.random.default_rng(3)


def case(parts, seeds, step):
    """parts: (count, mean, standard deviation) of each cloud."""
    points = np.vstack([rng.normal(mean, scale, (count, len(mean))) for count, mean, scale in parts])
    points = np.round(rng.permutation(points), 3).astype(np.float32)
    centers = points[rng.choice(len(points), seeds, replace=False)]
    start = ((points[:, None] - centers[None]) ** 2).sum(2).argmin(1)
    groups, subset, links, _ = clustering_qr.cluster(
        torch.from_numpy(points), iclust=torch.from_numpy(start), nskip=step, lam=1, device=torch.device("cpu")
    )
    # Neighbours at nearly the same distance would leave the links to rounding.
    exact = ((points[:, None].astype(float) - points[None, ::step]) ** 2).sum(2)
    order = np.argsort(exact, axis=1)
    told = np.zeros(exact.shape, bool)
    np.put_along_axis(told, order[:, :10], True, axis=1)
    told[np.arange(0, len(points), step), np.arange(exact.shape[1])] = False
    assert np.array_equal(told, links.toarray() > 0), "draw other points"
    tree, ratios, members = hierarchical.maketree(links, groups, subset)
    # Its last feature is overwritten by ones.
    with_ones = np.hstack([points, np.ones((len(points), 1), np.float32)]).astype(np.float64)
    _, score = swarmsplitter.check_split(with_ones, len(tree) - 1, tree, groups, members)
    cut, kept = swarmsplitter.split(with_ones, tree.copy(), ratios, groups, members)
    clusters = swarmsplitter.new_clusters(groups, members, cut, kept)
    return {
        "dim": points.shape[1],
        "step": step,
        "points": [round(float(x), 3) for x in points.ravel()],
        "start": start.tolist(),
        "groups": groups.tolist(),
        "groups_of_subset": subset.tolist(),
        "tree": [{"parts": t[:2].tolist(), "ratio": float(r[0])} for t, r in zip(tree, ratios)],
        # Of the topmost branch.
        "bimodality": float(score),
        "clusters": clusters.tolist(),
    }


cases = [
    case([(300, [0, 0, 0], 1), (200, [6, 0, 0], 1), (100, [0, 7, 2], 0.6)], 25, 1),
    case([(400, [0, 0, 0, 0], 1), (300, [3.5, 0, 0, 1], 1)], 40, 2),
    case([(500, [0, 0], [3, 1])], 20, 1),
]
print(json.dumps(cases))
