"""
Methods side by side
====================

Other methods are mappers, too, so one call runs them all on the same photograph (Figs.
9 and 10 of the paper).
"""

# %%
# Those that find edges first need scikit-image, which the extra ``compare`` brings. The
# photograph is reduced, to save time.

import matplotlib.pyplot as plt
import numpy as np

from skdefocus import (
    AdaptiveScaleEdgeMapper,
    EdgeRatioMapper,
    FastDefocusMapper,
    GlobalRefiner,
    HiFSTMapper,
    JustNoticeableMapper,
    LBPMapper,
    SlidingWindowMapper,
)
from skdefocus.datasets import load_sample_photograph
from skdefocus.filters import resize

photograph = resize(load_sample_photograph(), (285, 427)).clip(0, 1)
(sample,) = SlidingWindowMapper(step=4, estimate="mean").transform([photograph])
maps = {
    "photograph": photograph,
    "ours": GlobalRefiner().transform([sample])[0].blur_map,
}
for name, mapper in {
    "Zhuo and Sim 2011": EdgeRatioMapper(),
    "Karaali and Jung 2017": AdaptiveScaleEdgeMapper(),
    "Chen et al. 2016": FastDefocusMapper(),
    "Shi et al. 2015": JustNoticeableMapper(),
    "Yi and Eramian 2016": LBPMapper(),
    "Golestaneh and Karam 2017": HiFSTMapper(),
}.items():
    maps[name] = mapper.transform([photograph])[0].blur_map

# %%
# Some give sigma, some a score without a unit, so each panel has its own range of
# colors. What can be compared is the order: where each says that the photograph is
# sharper.

figure, axes = plt.subplots(4, 2, figsize=(9, 11.6), layout="constrained")
for axis, (name, picture) in zip(axes.flat, maps.items()):
    if picture.ndim == 3:
        axis.imshow(picture)
    else:
        low, high = np.quantile(picture, (0.02, 0.98))
        axis.imshow(picture, vmin=low, vmax=high)
    axis.set_title(name)
    axis.axis("off")
