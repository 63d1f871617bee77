"""
Render depth from elsewhere
===========================

Where a camera, a stereo pair or another network tells how far everything is, the
renderer draws the blur of a lens from it: discs of varying radius, with occlusion.
"""

# %%
# A stereo pair comes with scikit-image, with its disparity: large where near. What has
# no disparity, since one of the two cameras did not see it, takes that of the pixel to
# its left or right that is farther away.

import matplotlib.pyplot as plt
import numpy as np
from scipy import ndimage
from skimage import data

from skdefocus import DefocusSample, SDoFRenderer
from skdefocus.filters import resize

photograph, _, disparity = data.stereo_motorcycle()
known = np.isfinite(disparity)
filled = np.where(known, disparity, np.inf)
smallest = ndimage.minimum_filter(filled, (1, 31))
filled = np.where(known, disparity, np.minimum(smallest, filled[known].max()))
shape = (photograph.shape[0] // 3, photograph.shape[1] // 3)
photograph = resize(photograph, shape).clip(0, 1)
filled = np.maximum(ndimage.median_filter(resize(filled, shape), 5), 1)
sample = DefocusSample(photograph, filled.astype(np.float32), unit="disparity")

# %%
# ``focus`` is a value on the map's own scale. The same sample, focused near and far.

near, far = np.quantile(filled, (0.9, 0.15))
pictures = {
    "photograph": photograph,
    "focus on the motorcycle": SDoFRenderer(
        smoothing="lens", focus=float(near), disc_sigma=3.5, subject_gain=0
    ).transform([sample])[0],
    "focus on the wall": SDoFRenderer(
        smoothing="lens", focus=float(far), disc_sigma=3.5, subject_gain=0
    ).transform([sample])[0],
}

figure, axes = plt.subplots(2, 2, figsize=(10, 6.9), layout="constrained")
for axis, (title, picture) in zip(axes.flat[[0, 2, 3]], pictures.items()):
    axis.imshow(picture)
    axis.set_title(title)
shown = axes[0, 1].imshow(filled, cmap="magma")
axes[0, 1].set_title("disparity, px")
figure.colorbar(shown, ax=axes[0, 1], shrink=0.8)
for axis in axes.flat:
    axis.axis("off")
