"""
Train a classifier of your own
==============================

A classifier learns levels of blur from sharp photographs that are blurred by known
sigmas. It needs the extra ``train``; this one is small enough for a few seconds.
"""

# %%
# A patch set has the sigma of each level, its ladder, and the number of the photograph
# that each patch was cut from. Validation has to hold out whole photographs: patches of
# one photograph resemble each other.

import matplotlib.pyplot as plt
import numpy as np
from skimage import data
from sklearn.datasets import load_sample_image
from sklearn.metrics import ConfusionMatrixDisplay

from skdefocus import PatchBlurClassifier
from skdefocus.patches import make_blur_patches

ladder = (0.0, 1.0, 2.0, 4.0, 8.0)
photographs = [
    load_sample_image("china.jpg"),
    data.astronaut(),
    data.coffee(),
    data.stereo_motorcycle()[0],
]
patches = make_blur_patches(photographs, ladder, n_patches=3000)
print(patches, np.bincount(patches.y))

# %%
# ``architecture`` names one of the networks of the paper's Table 2, or ours. The
# classifier takes the ladder from the patches.

classifier = PatchBlurClassifier(
    "blurnet_small",
    epochs=5,
    batch_size=128,
    learning_rate=0.003,
    schedule="one_cycle",
    validation_fraction=0.25,
    random_state=0,
)
classifier.fit(patches)
print(classifier.sigmas_)

# %%
# The history of the training, as in Fig. 4 of the paper (which
# :func:`skdefocus.figures.training_figure` draws), and which levels are taken for which
# in the photograph that was held out. ``classifier.save(FILE)`` writes a file that
# ``SlidingWindowMapper`` and the command line take.

held_out = np.isin(patches.groups, classifier.validation_groups_)
figure, axes = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
for name, label in (("accuracy", "training"), ("val_accuracy", "validation")):
    axes[0].plot(range(1, 6), classifier.history_[name], marker="o", label=label)
axes[0].set(xlabel="epoch", ylabel="accuracy", ylim=(0, 1))
axes[0].legend()
ConfusionMatrixDisplay.from_predictions(
    patches.y[held_out],
    classifier.predict(patches.X[held_out]),
    display_labels=[f"{sigma:g}" for sigma in ladder],
    normalize="true",
    values_format=".2f",
    ax=axes[1],
)
axes[1].set(xlabel="sigma answered, px", ylabel="sigma, px")
