"""
What a level of blur looks like
===============================

The network tells apart patches that were blurred by known sigmas: the levels of a
ladder. Here are patches at some levels of the paper's ladder, as in its Fig. 3, and at
the finer levels that the shipped network knows.
"""

# %%
# Patches are taken where the photograph is sharp, by the variance of the Laplacian (eq.
# 5; here a lower one than the paper's 1000). They are cut from the photograph after it
# was blurred, so that no patch shows a border that the blur has drawn in.

import matplotlib.pyplot as plt
from skimage import data

from skdefocus.filters import blur
from skdefocus.patches import PAPER_LADDER, REAL_LADDER, select_sharp_patches

gray = data.coffee().mean(axis=-1) / 255
patches, corners = select_sharp_patches(gray, min_sharpness=300)
corners = corners[[2, 15, 30]]
print(f"{len(patches)} sharp patches")


def draw_levels(ladder, title):
    """Draw three patches at every second level."""
    levels = ladder[::2]
    figure, axes = plt.subplots(3, len(levels), figsize=(10, 3.6), layout="constrained")
    for column, sigma in enumerate(levels):
        blurred = blur(gray, sigma)
        axes[0, column].set_title(f"{sigma:g} px", fontsize="medium")
        for axis, (row, left) in zip(axes[:, column], corners):
            patch = blurred[row : row + 32, left : left + 32]
            axis.imshow(patch, cmap="gray", vmin=0, vmax=1)
            axis.axis("off")
    figure.suptitle(title)


draw_levels(PAPER_LADDER, "every second level of the paper's ladder")

# %%
# From about 8 px on, a patch of 32 px is smaller than the blur of a point: these levels
# can hardly be told apart by anyone. Most decisions about photographs lie below 3 px,
# where the shipped network's ladder has half of its levels.

draw_levels(REAL_LADDER, "every second level of the shipped network's ladder")
