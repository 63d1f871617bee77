"""
GridSearchCV over thresholds
============================

From which sigma on is a pixel out of focus? With masks that people drew, as in the CUHK
blur detection dataset, scikit-learn's own search finds the answer.
"""

# %%
# The dataset cannot be shipped, so this example writes a small folder that is laid out
# like it: real photographs, defocused along their own segments by sigmas that are
# known. With the dataset on disk, ``load_cuhk(FOLDER, "validation")`` takes the place
# of all of this.

from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np
from skimage import data
from sklearn.datasets import load_sample_image
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skdefocus import DefocusSegmenter
from skdefocus.datasets import load_cuhk
from skdefocus.io import write_photograph
from skdefocus.recipes import recommended_steps
from skdefocus.synthesis import compose_scene

sources = (load_sample_image("china.jpg"), data.astronaut(), data.coffee())
with TemporaryDirectory() as name:
    folder = Path(name)
    stems = []
    for seed in range(24):
        scene, blur_map = compose_scene(sources[seed % 3], (160, 240), seed)
        mask = blur_map >= 1
        if not 0.1 < mask.mean() < 0.9:
            continue
        stems.append(f"out_of_focus{len(stems) + 1:04d}")
        write_photograph(folder / "image" / f"{stems[-1]}.jpg", scene)
        write_photograph(
            folder / "gt" / f"{stems[-1]}.png", mask.astype(np.uint8) * 255
        )
    (folder / "list.txt").write_text("\n".join(stems))
    images, masks = load_cuhk(
        folder, "listed", list_file=folder / "list.txt", return_X_y=True
    )

# %%
# Mapping is the expensive step and has nothing to learn, so it runs once; the search
# takes the maps. (``SlidingWindowMapper(memory=FOLDER)`` keeps them on disk, for a
# search over a whole Pipeline.)

steps = make_pipeline(*[step for _, step in recommended_steps()])
samples = steps.fit_transform(images)
thresholds = np.linspace(0.2, 3, 15)
search = GridSearchCV(
    DefocusSegmenter(reference="absolute"), {"threshold": thresholds}, cv=5
)
search.fit(samples, masks)
best = search.best_params_["threshold"]
print(f"{len(images)} photographs, threshold {best:.1f} px, {search.best_score_:.3f}")

# %%
# The score is the share of pixels that agree with the masks. The truth was cut at 1 px.

figure, axes = plt.subplots(1, 4, figsize=(12, 2.6), width_ratios=(1.6, 1, 1, 1))
figure.set_layout_engine("constrained")
mean = search.cv_results_["mean_test_score"]
spread = search.cv_results_["std_test_score"]
axes[0].plot(thresholds, mean, marker="o", markersize=3)
axes[0].fill_between(thresholds, mean - spread, mean + spread, alpha=0.2)
axes[0].axvline(best, color="black", linewidth=0.8)
axes[0].set(xlabel="threshold, px", ylabel="pixels that agree")
found = search.predict(samples)
pictures = (images[0], masks[0], found[0])
for axis, picture, title in zip(
    axes[1:], pictures, ("photograph", "mask", "found with it")
):
    axis.imshow(picture, cmap="gray")
    axis.set_title(title)
    axis.axis("off")
