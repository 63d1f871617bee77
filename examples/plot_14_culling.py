"""
Culling a shoot by sharpness
============================

Of many frames of a scene, which are sharp, and which are sharp where they should be?
The sharpest region of each tells the first, a box around the subject the second.
"""

# %%
# Six frames of one scene. In some the focus lies on the face, in others behind it, and
# in some the whole frame is soft.

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle
from skimage import data
from sklearn.pipeline import make_pipeline

from skdefocus.batch import measure_map
from skdefocus.recipes import recommended_steps
from skdefocus.synthesis import defocus

portrait = data.astronaut()[:400, 30:430]
rows, columns = np.mgrid[:400, :400]
person = np.hypot((rows - 250) / 270, (columns - 190) / 150) < 1
frames = {}
for name, (on_person, behind) in {
    "A": (0.0, 3.0),
    "B": (2.5, 0.0),
    "C": (0.6, 3.0),
    "D": (1.5, 1.5),
    "E": (0.0, 0.0),
    "F": (4.0, 5.0),
}.items():
    blur_map = np.where(person, on_person, behind)
    frames[name] = defocus(portrait, blur_map, noise=1.5, random_state=0)

# %%
# `measure_map` gives what the report of a batch tells of each photograph. The subject
# is a mask; on the command line ``--subject`` takes a mask file, a point or a box.

steps = make_pipeline(*[step for _, step in recommended_steps()])
samples = steps.fit_transform(list(frames.values()))
face = np.zeros(portrait.shape[:2], bool)
face[60:190, 130:260] = True
measured = {
    name: (measure_map(sample), measure_map(sample, face))
    for name, sample in zip(frames, samples)
}
by_face = sorted(frames, key=lambda name: measured[name][1]["sigma_mean"])
for name in by_face:
    anywhere, subject = measured[name]
    on_face, sharpest = subject["sigma_mean"], anywhere["sharpest_sigma"]
    print(f"{name}: face {on_face:.2f} px, sharpest part {sharpest:.2f} px")

# %%
# Sorted by the face. By its sharpest part frame B, whose background is sharp, would
# come before frame C; by its face it falls behind.

figure, axes = plt.subplots(2, 6, figsize=(12, 4.6), layout="constrained")
for column, name in enumerate(by_face):
    sample = samples[list(frames).index(name)]
    axes[0, column].imshow(sample.image)
    axes[0, column].set_title(f"{name}: {measured[name][1]['sigma_mean']:.2f} px")
    shown = axes[1, column].imshow(sample.blur_map, vmin=0, vmax=4)
    for axis in axes[:, column]:
        axis.add_patch(Rectangle((130, 60), 130, 130, fill=False, edgecolor="white"))
        axis.axis("off")
figure.colorbar(shown, ax=axes, label="sigma, px", shrink=0.8)
