"""
A folder of photographs, in parallel
====================================

`skdefocus.batch.process` sends any number of photographs through a pipeline, several in
parallel, and writes maps and a report. A photograph that fails is listed, and the run
continues. A run that was interrupted goes on where it stopped.
"""

# %%
# A small shoot to work on. On the command line the same is
# ``skdefocus batch FOLDER -o OUT --jobs 2``.

import csv
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np
from skimage import data
from sklearn.datasets import load_sample_images
from sklearn.pipeline import make_pipeline

from skdefocus import SDoFRenderer
from skdefocus.batch import process
from skdefocus.io import read_image, write_photograph
from skdefocus.recipes import recommended_steps

pipeline = make_pipeline(*[step for _, step in recommended_steps()])
with TemporaryDirectory() as name:
    shoot, out = Path(name, "shoot"), Path(name, "out")
    temple, flower = load_sample_images().images
    for stem, picture in {
        "cat": data.chelsea(),
        "coffee": data.coffee(),
        "flower": flower,
        "temple": temple,
    }.items():
        write_photograph(shoot / f"{stem}.jpg", picture)
    (shoot / "broken.jpg").write_bytes(b"no photograph")

    # %%
    # One thread for each of ``n_jobs`` photographs. ``pictures`` are made of the
    # refined map beside the map itself.
    summary = process(
        shoot, pipeline, out, n_jobs=2, pictures={"shallow": SDoFRenderer()}
    )
    print(f"{summary.n_done} done, {summary.n_failed} failed")

    # %%
    # A second run finds everything done, by the content of the files and the
    # parameters.
    again = process(
        shoot, pipeline, out, n_jobs=2, pictures={"shallow": SDoFRenderer()}
    )
    print(f"{again.n_done} done, {again.n_kept} kept")

    # %%
    # The report has the sharpest first, and says what failed and why.
    with summary.csv.open() as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        print(Path(row["photo"]).name, row["status"], row["sigma_mean"][:5])
    done = [Path(row["photo"]).stem for row in rows if row["status"] != "failed"]
    maps = [read_image(out / f"{stem}_map.png") for stem in done]
    pictures = [read_image(out / f"{stem}_shallow.jpg") for stem in done]

figure, axes = plt.subplots(2, len(done), figsize=(11, 4.2), layout="constrained")
for column, stem in enumerate(done):
    axes[0, column].imshow(pictures[column])
    axes[1, column].imshow(maps[column])
    mean = float(rows[column]["sigma_mean"])
    axes[0, column].set_title(f"{stem}: {mean:.2f} px on average")
for axis in np.ravel(axes):
    axis.axis("off")
