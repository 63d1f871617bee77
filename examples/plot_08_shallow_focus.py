"""
A shallower depth of field
==========================

The renderer blends the photograph with a blurred copy, by a weight that it takes from
the map (eqs. 12 and 13, Fig. 14 of the paper).
"""

# %%
# The weight of the sharp picture is near 1 up to a sigma of ``c0`` and near 0 from
# ``c1`` on. Taken literally, eq. 13 rises again beyond 10 px: the most blurred pixels
# would get the sharp picture back. So the equation is clipped, and ``literal=True``
# is there to see what it says.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.pipeline import make_pipeline

from skdefocus import SDoFRenderer
from skdefocus.datasets import load_sample_photograph
from skdefocus.recipes import recommended_steps
from skdefocus.render import sdof_weight

sigma = np.linspace(0, 19, 400, dtype=np.float32)
figure, axis = plt.subplots(figsize=(8, 3), layout="constrained")
axis.plot(sigma, sdof_weight(sigma), label="clipped: c0 = 1, c1 = 7")
axis.plot(sigma, sdof_weight(sigma, literal=True), "--", label="eq. 13, literally")
axis.plot(sigma, sdof_weight(sigma, 0.5, 3.0), label="clipped: c0 = 0.5, c1 = 3")
axis.set(xlabel="sigma, px", ylabel="weight of the sharp picture")
axis.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))

# %%
# With "auto", the default, the two come from the map itself: from the sigma of what is
# in focus, and from that of the background. ``smoothing`` is how the copy is blurred:
# by the guided filter, as in the paper, or by discs, as a lens does it.

photograph = load_sample_photograph()
steps = make_pipeline(*[step for _, step in recommended_steps()])
samples = steps.fit_transform([photograph])
pictures = {
    "photograph": photograph,
    "smoothing='guided'": SDoFRenderer().transform(samples)[0],
    "smoothing='disc'": SDoFRenderer(smoothing="disc").transform(samples)[0],
}
figure, axes = plt.subplots(1, 3, figsize=(11, 2.9), layout="constrained")
for axis, (title, picture) in zip(axes, pictures.items()):
    axis.imshow(picture)
    axis.set_title(title)
    axis.axis("off")
