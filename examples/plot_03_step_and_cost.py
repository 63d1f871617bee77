"""
The step of the sliding window, and what it costs
=================================================

A window of 32 px slides over the photograph, and the level of every pixel is the mean
over the windows that cover it (eq. 6). A smaller step gives a finer map and more
windows.
"""

# %%
# The paper counts N / s^2 windows for N pixels and a step of s (eq. 7). There are a few
# more or fewer in truth, since windows must cover the borders.

import time

import matplotlib.pyplot as plt

from skdefocus import SlidingWindowMapper
from skdefocus.datasets import load_sample_photograph
from skdefocus.mapping import count_windows

photograph = load_sample_photograph()
height, width = photograph.shape[:2]
steps = (32, 16, 8, 4)
maps, seconds = [], []
SlidingWindowMapper(step=32).transform([photograph])  # loads the network
for step in steps:
    start = time.perf_counter()
    (sample,) = SlidingWindowMapper(step=step).transform([photograph])
    seconds.append(time.perf_counter() - start)
    maps.append(sample.blur_map)
    windows = count_windows(height, 32, step) * count_windows(width, 32, step)
    print(f"step {step:2}: {windows:6} windows, eq. 7: {height * width / step**2:8.0f}")

# %%
# The shipped network runs over the whole photograph at once, as a dense sliding window
# of stride 4. So the time hardly depends on the step, although the number of windows
# does: what windows share is computed once. (``"paper"`` and
# classifiers of scikit-learn are asked window by window.)

figure, axes = plt.subplots(2, 2, figsize=(9, 6), layout="constrained")
for axis, step, blur_map, spent in zip(axes.flat, steps, maps, seconds):
    shown = axis.imshow(blur_map, vmin=0, vmax=10)
    axis.set_title(f"step {step}: {1000 * spent:.0f} ms")
    axis.axis("off")
figure.colorbar(shown, ax=axes, label="sigma, px", shrink=0.7)
