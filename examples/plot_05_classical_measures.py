"""
Classical measures against the network
======================================

Entropy, standard deviation and the variance of the Laplacian also fall where a
photograph is blurred. They measure contrast as much as focus (Fig. 8 of the paper).
"""

# %%
# Scores of these mappers have no unit: they lie in [0, 1], larger where more blurred.
# Each panel has its own range of colors, from its 2 to its 98 % quantile.

import matplotlib.pyplot as plt
import numpy as np

from skdefocus import (
    EntropyMapper,
    LaplacianVarianceMapper,
    SlidingWindowMapper,
    StandardDeviationMapper,
)
from skdefocus.datasets import load_sample_photograph

photograph = load_sample_photograph()
mappers = {
    "entropy": EntropyMapper(),
    "standard deviation": StandardDeviationMapper(),
    "variance of Laplacian": LaplacianVarianceMapper(),
    "network, px": SlidingWindowMapper(step=4, estimate="mean"),
}
maps = {
    name: mapper.transform([photograph])[0].blur_map for name, mapper in mappers.items()
}

figure, axes = plt.subplots(2, 2, figsize=(9, 6.2), layout="constrained")
for axis, (name, blur_map) in zip(axes.flat, maps.items()):
    low, high = np.quantile(blur_map, (0.02, 0.98))
    figure.colorbar(axis.imshow(blur_map, vmin=low, vmax=high), ax=axis, shrink=0.8)
    axis.set_title(name)
    axis.axis("off")

# %%
# Entropy and standard deviation see the outlines of leaves, however blurred, and not
# the focus. A change of contrast shows it best: at half the contrast nothing is less
# sharp, and within the flower the classical scores rise all the same.

pale = (photograph / 255 - 0.5) / 2 + 0.5
flower = maps["network, px"] < 1
changes = []
for name, mapper in mappers.items():
    (sample,) = mapper.transform([pale])
    low, high = np.quantile(maps[name], (0.02, 0.98))
    change = np.median((sample.blur_map - maps[name])[flower])
    changes.append(100 * change / (high - low))

figure, axis = plt.subplots(figsize=(8, 2.6), layout="constrained")
axis.barh(list(mappers), changes, color="tab:blue")
axis.set(
    xlabel="change at half the contrast, % of the map's range",
    title="a change of contrast is no change of focus",
)
axis.invert_yaxis()
