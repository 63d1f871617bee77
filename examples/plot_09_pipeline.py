"""
A Pipeline from scratch
=======================

Mapper, refiner and what uses the map are steps of a scikit-learn Pipeline. Their
parameters are reached by ``step__parameter``, as anywhere in scikit-learn.
"""

# %%
# A batch is a list: sizes may differ, and one photograph is a list of one.

import matplotlib.pyplot as plt
from sklearn.datasets import load_sample_images
from sklearn.pipeline import Pipeline

from skdefocus import DefocusSegmenter, SDoFRenderer
from skdefocus.recipes import recommended_steps

photographs = load_sample_images().images
pipeline = Pipeline(
    [
        # The mapper and the refiner that we recommend.
        *recommended_steps(),
        ("renderer", SDoFRenderer(smoothing="disc")),
    ]
)
pipeline.set_params(renderer__subject_gain=0.5, mapper__lights=False)
shallow = pipeline.fit_transform(photographs)

# %%
# A part of a Pipeline is one, too. Steps exchange samples: an image, its map and how
# far the map can be trusted. So the expensive step runs once, and what follows is cheap
# to change.

samples = pipeline[:-1].transform(photographs)
masks = DefocusSegmenter("auto").fit(samples).predict(samples)

figure, axes = plt.subplots(2, 4, figsize=(11, 3.9), layout="constrained")
for row, photograph, sample, mask, picture in zip(
    axes, photographs, samples, masks, shallow
):
    row[0].imshow(photograph)
    shown = row[1].imshow(sample.blur_map, norm="log", vmin=0.3, vmax=12)
    row[2].imshow(mask, cmap="gray")
    row[3].imshow(picture)
for axis, title in zip(
    axes[0], ("photographs", "blur maps, px", "out of focus", "shallow focus")
):
    axis.set_title(title)
for axis in axes.flat:
    axis.axis("off")
figure.colorbar(
    shown, ax=axes[:, 1], location="bottom", ticks=[0.5, 1, 2, 4, 8]
).ax.set(xticklabels=["0.5", "1", "2", "4", "8"])
