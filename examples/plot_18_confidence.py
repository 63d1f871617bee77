"""
Confidence, and "unknown"
=========================

A smooth surface looks the same in focus and out of it. The mapper's confidence says
where there is evidence, and a mask can leave out the rest.
"""

# %%
# A sharp photograph with a sky, of which nobody can tell whether it is in focus.

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap
from sklearn.datasets import load_sample_image

from skdefocus import CombinedMapper, DefocusSegmenter

photograph = load_sample_image("china.jpg")
samples = CombinedMapper().transform([photograph])
segmenter = DefocusSegmenter(unknown="class").fit(samples)

# %%
# With ``unknown="class"`` the answer has three values: 1 out of focus, 0 in focus, and
# 2 where confidence is below `skdefocus.UNKNOWN`. `GlobalRefiner` weighs maps by the
# same confidence, so that evidence flows from where it is to where it is not.

(answer,) = segmenter.predict(samples)
print(
    {value: f"{(answer == value).mean():.0%}" for value in np.unique(answer).tolist()}
)

figure, axes = plt.subplots(2, 2, figsize=(9, 6.2), layout="constrained")
axes[0, 0].imshow(photograph)
axes[0, 0].set_title("photograph")
shown = axes[0, 1].imshow(samples[0].blur_map, vmin=0, vmax=8)
figure.colorbar(shown, ax=axes[0, 1], shrink=0.8)
axes[0, 1].set_title("blur map, px")
shown = axes[1, 0].imshow(samples[0].confidence, vmin=0, vmax=1, cmap="gray")
figure.colorbar(shown, ax=axes[1, 0], shrink=0.8)
axes[1, 0].set_title("confidence")
colors = ListedColormap(["midnightblue", "gold", "tab:gray"])
shown = axes[1, 1].imshow(answer, vmin=-0.5, vmax=2.5, cmap=colors)
bar = figure.colorbar(shown, ax=axes[1, 1], ticks=[0, 1, 2], shrink=0.8)
bar.ax.set_yticklabels(["in focus", "out of focus", "unknown"])
axes[1, 1].set_title("answer")
for axis in axes.flat:
    axis.axis("off")
