"""
A first blur map
================

One call estimates, for every pixel of a photograph, the standard deviation of the
Gaussian that blurred it, in pixels. The map is dark where the photograph is sharp.
"""

# %%
# The photograph comes with scikit-learn. A file of your own is read by
# :func:`skdefocus.io.read_image`.

import matplotlib.pyplot as plt

from skdefocus import estimate_blur_map
from skdefocus.datasets import load_sample_photograph

photograph = load_sample_photograph()
blur_map = estimate_blur_map(photograph)
print(f"{blur_map.shape}, {blur_map.dtype}, from {blur_map.min():.2f} px")

# %%
# A logarithmic scale of colors suits sigma: from 0.5 to 1 px is as visible a step as
# from 4 to 8 px.

figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
axes[0].imshow(photograph)
axes[0].set_title("photograph")
shown = axes[1].imshow(blur_map, norm="log", vmin=0.3, vmax=12)
axes[1].set_title("blur map")
figure.colorbar(shown, ax=axes[1], label="sigma, px", ticks=[0.5, 1, 2, 4, 8]).ax.set(
    yticklabels=["0.5", "1", "2", "4", "8"]
)
for axis in axes:
    axis.axis("off")
