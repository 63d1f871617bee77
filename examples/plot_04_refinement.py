"""
Refinement: edges of the map at edges of the photograph
=======================================================

Windows straddle edges, so a raw map is soft where the photograph is not. Refiners move
its edges to those of the photograph. All take the same samples and can stand in for
each other (Figs. 6 and 7 of the paper).
"""

# %%
# `MattingRefiner` needs the extra ``compare``.

import matplotlib.pyplot as plt

from skdefocus import (
    GlobalRefiner,
    GuidedRefiner,
    MattingRefiner,
    MutualGuidedRefiner,
    SlidingWindowMapper,
    WGIFRefiner,
)
from skdefocus.datasets import load_sample_photograph
from skdefocus.filters import resize

photograph = resize(load_sample_photograph(), (285, 427)).clip(0, 1)
mapper = SlidingWindowMapper(step=4, estimate="mean")
(raw,) = mapper.transform([photograph])
refined = {
    "raw": raw,
    "GuidedRefiner": GuidedRefiner().transform([raw])[0],
    "WGIFRefiner, the paper's": WGIFRefiner().transform([raw])[0],
    "MutualGuidedRefiner": MutualGuidedRefiner().transform([raw])[0],
    "MattingRefiner": MattingRefiner().transform([raw])[0],
    "GlobalRefiner, the default": GlobalRefiner().transform([raw])[0],
}

# %%
# Look at the outline of the petals: the weighted guided filter keeps values within the
# background and a soft halo around the flower; the global smoother takes its outline to
# the edge and flattens the background.

figure, axes = plt.subplots(3, 2, figsize=(9, 9), layout="constrained")
for axis, (title, sample) in zip(axes.flat, refined.items()):
    shown = axis.imshow(sample.blur_map, vmin=0, vmax=6)
    axis.set_title(title)
    axis.axis("off")
figure.colorbar(shown, ax=axes, label="sigma, px", shrink=0.5)

# %%
# What it is good for: the same threshold cuts out the flower (Fig. 7).

figure, axes = plt.subplots(1, 3, figsize=(10, 2.6), layout="constrained")
for axis, name in zip(axes, ("raw", "WGIFRefiner, the paper's", list(refined)[-1])):
    in_focus = refined[name].blur_map < 1.5
    axis.imshow(photograph * in_focus[..., None])
    axis.set_title(name)
    axis.axis("off")
