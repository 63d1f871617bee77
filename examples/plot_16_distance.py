"""
From sigma to distance
======================

How blurred a point is follows from its distance, for a lens whose focal length,
aperture and focus are known (eqs. 1 to 3 of the paper).
"""

# %%
# A 50 mm lens at f/1.8, focused at 2 m, on a sensor with pixels of 20 um (a photograph
# reduced to some 1800 px). Lengths are in meters.

import matplotlib.pyplot as plt
import numpy as np

from skdefocus import estimate_blur_map
from skdefocus.datasets import load_sample_photograph
from skdefocus.optics import distances_from_sigma, sigma_from_distance

lens = {
    "focus_distance": 2.0,
    "focal_length": 0.05,
    "aperture_diameter": 0.05 / 1.8,
    "pixel_pitch": 20e-6,
}
distance = np.geomspace(0.8, 20, 300)
figure, axis = plt.subplots(figsize=(8, 3.2), layout="constrained")
for f_number in (1.8, 4, 11):
    sigma = sigma_from_distance(
        distance, **{**lens, "aperture_diameter": 0.05 / f_number}
    )
    axis.plot(distance, sigma, label=f"f/{f_number:g}")
axis.set(
    xscale="log", xlabel="distance, m", ylabel="sigma, px", ylim=(0, 12), xlim=(0.8, 20)
)
axis.set_xticks([1, 2, 4, 8, 16], ["1", "2", "4", "8", "16"])
axis.legend()

# %%
# Each sigma belongs to two distances, one before and one behind the plane of focus, and
# only the scene tells which. Beyond the sigma of the horizon there is none behind it.

near, far = distances_from_sigma(np.array([0.0, 1.0, 4.0, 30.0]), **lens)
for sigma, before, behind in zip((0, 1, 4, 30), near, far):
    print(f"sigma {sigma:2} px: {before:.2f} m before, {behind:.2f} m behind")

# %%
# With a map: if flower.jpg had been taken with such a lens at 0.6 m, and all that is
# blurred lay behind the flower, this is how far away it would be.

photograph = load_sample_photograph()
blur_map = estimate_blur_map(photograph)
close_up = {**lens, "focus_distance": 0.6, "pixel_pitch": 60e-6}
_, behind = distances_from_sigma(blur_map, **close_up)
figure, axes = plt.subplots(1, 2, figsize=(10, 3.2), layout="constrained")
axes[0].imshow(photograph)
shown = axes[1].imshow(behind, vmin=0.6, vmax=1.4, cmap="magma")
figure.colorbar(shown, ax=axes, label="distance, m")
for axis in axes:
    axis.axis("off")
