"""
A focus mask for photogrammetry
===============================

Programs that build a model from many photographs take a mask with each: what is black
in it is not used. What is out of focus should not be, since its points lie anywhere.
"""

# %%
# `DefocusSegmenter` gives masks that are True where out of focus; ``in_focus_mask`` is
# the complement, as editors and these programs want it. A small opening takes away
# specks.

from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np
from scipy import ndimage
from sklearn.pipeline import make_pipeline

from skdefocus import DefocusSegmenter
from skdefocus.datasets import load_sample_photograph
from skdefocus.io import read_image, write_mask
from skdefocus.recipes import recommended_steps

photograph = load_sample_photograph()
steps = make_pipeline(*[step for _, step in recommended_steps()])
samples = steps.fit_transform([photograph])
segmenter = DefocusSegmenter(1.0).fit(samples)
(in_focus,) = segmenter.in_focus_mask(samples)
in_focus = ndimage.binary_opening(in_focus, iterations=2)
print(f"{in_focus.mean():.0%} of the photograph is used")

# %%
# A mask is a file named after its photograph, 255 where it is used. For a whole folder:
# ``skdefocus batch FOLDER -o OUT --picture mask`` writes such masks.

with TemporaryDirectory() as folder:
    path = Path(folder, "flower.jpg.mask.png")
    write_mask(path, ~in_focus)
    print(path.name, sorted(set(read_image(path).ravel().tolist())))

# %%
# A stricter threshold keeps less of what is nearly in focus.

figure, axes = plt.subplots(1, 3, figsize=(11, 2.9), layout="constrained")
axes[0].imshow(photograph)
axes[0].set_title("photograph")
for axis, threshold in zip(axes[1:], (1.0, 0.2)):
    (mask,) = DefocusSegmenter(threshold).fit(samples).in_focus_mask(samples)
    mask = ndimage.binary_opening(mask, iterations=2)
    axis.imshow(np.where(mask[..., None], photograph, photograph // 6))
    axis.contour(mask, [0.5], colors="white", linewidths=0.8)
    axis.set_title(f"used, {threshold:g} px above the sharpest")
for axis in axes:
    axis.axis("off")
