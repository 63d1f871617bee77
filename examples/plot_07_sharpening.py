"""
Adaptive sharpening
===================

An unsharp mask sharpens everything alike: what is in focus gets too much, a blurred
background only noise. The adaptive one takes its gain from the blur map (Figs. 12 and
13 of the paper).
"""

# %%
# The gain rises and falls as a difference of two sigmoids of sigma (eqs. 9 to 11). What
# is sharp is left alone, so is what is blurred on purpose; what is slightly soft is
# sharpened.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.pipeline import make_pipeline

from skdefocus import (
    AdaptiveUnsharpMask,
    ContrastAdaptiveSharpening,
    GeneralizedUnsharpMask,
    UnsharpMask,
)
from skdefocus.datasets import load_sample_photograph
from skdefocus.enhance import sharpening_gain
from skdefocus.filters import blur
from skdefocus.recipes import recommended_steps

sigma = np.linspace(0, 12, 400)
settings = {
    "the paper's": {},
    "sharper only": {"beta1": 0.02, "beta2": 0.15},
    "wider and stronger": {"beta1": 0.05, "beta2": 0.5, "gain": 3.0},
}
figure, axis = plt.subplots(figsize=(8, 3), layout="constrained")
for name, parameters in settings.items():
    axis.plot(sigma, sharpening_gain(sigma, **parameters), label=name)
axis.set(xlabel="sigma, px", ylabel="gain")
axis.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))

# %%
# The photograph is made a little soft, and all sharpeners are set to a strength that
# can be seen. They are estimators, interchangeable in a Pipeline; those beside the
# adaptive one look at the pixels alone.

photograph = np.clip(blur(load_sample_photograph() / np.float32(255), 1.2), 0, 1)
steps = make_pipeline(*[step for _, step in recommended_steps()])
samples = steps.fit_transform([photograph])
results = {
    "photograph": photograph,
    "unsharp mask": UnsharpMask(gain=3.0).transform(samples)[0],
    "CAS": ContrastAdaptiveSharpening(sharpness=1.0).transform(samples)[0],
    "GUM": GeneralizedUnsharpMask().transform(samples)[0],
    "adaptive": AdaptiveUnsharpMask(beta1=0.02, gain=3.0).transform(samples)[0],
}

# %%
# Two places at full size: petals, which are to be sharpened, and the background, which
# is not.

places = {"petals": np.s_[150:270, 190:310], "background": np.s_[20:140, 470:590]}
figure, axes = plt.subplots(2, 5, figsize=(11, 4.8), layout="constrained")
for row, (place, window) in zip(axes, places.items()):
    for axis, (name, picture) in zip(row, results.items()):
        axis.imshow(picture[window], interpolation="nearest")
        axis.set_title(f"{name}\n{place}", fontsize="medium")
        axis.axis("off")
