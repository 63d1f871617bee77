"""
A score becomes a sigma
=======================

Many measures of sharpness have no unit. `CalibratedMapper` learns from photographs of
known blur what sigma a score stands for, so that they can drive a sharpener, too.
"""

# %%
# Photographs that are sharp, blurred by known sigmas.

import matplotlib.pyplot as plt
import numpy as np
from skimage import data
from sklearn.datasets import load_sample_image

from skdefocus import CalibratedMapper, LaplacianVarianceMapper
from skdefocus.synthesis import defocus

sources = [
    load_sample_image("china.jpg")[100:300, :300],
    data.astronaut()[:300, 100:400],
    data.coffee()[100:300, 150:450],
]
sigmas = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
images, blur_maps = [], []
for photograph in sources:
    for sigma in sigmas:
        blur_maps.append(np.full(photograph.shape[:2], sigma, np.float32))
        images.append(defocus(photograph, blur_maps[-1]))

# %%
# The fit is monotone: what scored as more blurred never gets a smaller sigma.

mapper = LaplacianVarianceMapper(patch_size=32)
calibrated = CalibratedMapper(mapper).fit(images, blur_maps)

# %%
# On a photograph that it has not seen, with the sigma that is right.

unseen = data.stereo_motorcycle()[0][100:300, 100:400]
found = []
for sigma in sigmas:
    blurred = defocus(unseen, np.full(unseen.shape[:2], sigma, np.float32))
    found.append(calibrated.transform([blurred])[0].blur_map)
quantiles = np.quantile([blur_map.ravel() for blur_map in found], (0.25, 0.5, 0.75), 1)
figure, axis = plt.subplots(figsize=(6, 4), layout="constrained")
axis.plot(sigmas, sigmas, color="black", linewidth=0.8, label="right")
axis.plot(sigmas, quantiles[1], marker="o", label="median")
axis.fill_between(sigmas, quantiles[0], quantiles[2], alpha=0.2, label="half of all")
axis.set(xlabel="sigma, px", ylabel="sigma found, px")
axis.legend()
