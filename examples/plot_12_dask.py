"""
The same on a Dask cluster
==========================

Estimators run over photographs through joblib, so a Dask cluster takes the place of the
cores of one machine without a change to the code. It needs the extra ``cluster``.
"""

# %%
# Here the cluster is two threads of this process. With machines of your own, give the
# scheduler's address instead: ``Client("tcp://scheduler:8786")``.

import joblib
import matplotlib.pyplot as plt
import numpy as np
from distributed import Client
from skimage import data
from sklearn.datasets import load_sample_images

from skdefocus import SlidingWindowMapper

photographs = [*load_sample_images().images, data.chelsea(), data.coffee()]
mapper = SlidingWindowMapper(step=4, estimate="mean", n_jobs=-1)
alone = [
    sample.blur_map for sample in mapper.set_params(n_jobs=1).transform(photographs)
]
with (
    Client(processes=False, n_workers=2, threads_per_worker=1, dashboard_address=None),
    joblib.parallel_config(backend="dask"),
):
    samples = mapper.set_params(n_jobs=-1).transform(photographs)

# %%
# The maps are the same to the last bit, whatever computes them. For folders,
# ``skdefocus batch FOLDER -o OUT --scheduler ADDRESS`` does the same, with workers that
# share the folders and may die on the way.

same = [np.array_equal(s.blur_map, m) for s, m in zip(samples, alone)]
print(f"identical: {same}")
figure, axes = plt.subplots(2, 4, figsize=(11, 4), layout="constrained")
for column, sample in enumerate(samples):
    axes[0, column].imshow(sample.image)
    shown = axes[1, column].imshow(sample.blur_map, norm="log", vmin=0.3, vmax=12)
for axis in axes.flat:
    axis.axis("off")
bar = figure.colorbar(shown, ax=axes, label="sigma, px", ticks=[0.5, 1, 2, 4, 8])
bar.ax.set_yticklabels(["0.5", "1", "2", "4", "8"])
