"""
A night photograph with lights out of focus
===========================================

A light far behind the subject becomes a disc, so bright that the sensor clips it. Its
rim is as sharp as an edge in focus; its size tells how far out of focus it is.
"""

# %%
# The photograph is made here: the flower of the sample photograph, as a flash lights
# it, before a street at night. The street is dark and out of focus, as are its lights.
# Blur happens in linear light, where a lamp is a hundred times as bright as white.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.pipeline import make_pipeline

from skdefocus import CombinedMapper, DefocusSegmenter, SDoFRenderer
from skdefocus.datasets import load_sample_photograph
from skdefocus.figures import color_map
from skdefocus.filters import blur, linear_to_srgb, srgb_to_linear
from skdefocus.recipes import recommended_steps

flower = load_sample_photograph()
steps = make_pipeline(*[step for _, step in recommended_steps()])
(out_of_focus,) = DefocusSegmenter().predict(steps.fit_transform([flower]))
in_front = blur(1.0 - out_of_focus, 1.0)[..., np.newaxis]

rng = np.random.default_rng(4)
height, width = flower.shape[:2]
lamps = np.zeros((height, width, 3), np.float32)
colors = [(1.0, 0.8, 0.5), (1.0, 0.95, 0.9), (1.0, 0.45, 0.3), (0.6, 0.9, 1.0)]
for _ in range(26):
    row, column = rng.integers(20, height - 20), rng.integers(20, width - 20)
    lamps[row, column] = 1200 * rng.uniform(0.5, 2) * np.array(colors[rng.integers(4)])
street = 0.02 * srgb_to_linear(flower)
discs = blur(lamps / lamps.max(), 7.0, "disc") * lamps.max()
behind = blur(street, 7.0, "disc") + discs
light = in_front * srgb_to_linear(flower) + (1 - in_front) * behind
noise = rng.normal(0, 2 / 255, light.shape)
night = np.clip(linear_to_srgb(np.clip(light, 0, 1)) + noise, 0, 1)
night = np.rint(255 * night).astype(np.uint8)

# %%
# With ``lights=False`` the map takes the rims of the discs for edges in focus. The
# recommended mapper measures the photograph without them: a disc that is white all
# over is a light if its surroundings are out of focus, or if there are several of its
# size. A white plate among sharp things stays what it is.

mapper = CombinedMapper(lights=False)
(without,) = mapper.transform([night])
mapper.set_params(lights=True)
(with_lights,) = mapper.transform([night])
figure, axes = plt.subplots(1, 3, figsize=(11, 2.9), layout="constrained")
titles = ("photograph", "lights=False", "lights=True")
pictures = (night, color_map(without.blur_map), color_map(with_lights.blur_map))
for axis, title, picture in zip(axes, titles, pictures):
    axis.imshow(picture)
    axis.set_title(title)
    axis.axis("off")

# %%
# So they are out of focus in the refined map and in the mask, and a shallower depth of
# field lets them grow with the rest of the background. A light that the flower covers
# in part is not round: it is not found, and stays sharp.

samples = steps.transform([night])
(blurred,) = DefocusSegmenter().predict(samples)
(bokeh,) = SDoFRenderer(smoothing="disc").transform(samples)
figure, axes = plt.subplots(1, 3, figsize=(11, 2.9), layout="constrained")
titles = ("refined map", "in focus", "shallower depth of field")
pictures = (color_map(samples[0].blur_map), ~blurred, bokeh)
for axis, title, picture in zip(axes, titles, pictures):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.axis("off")
