"""Settings of the documentation; CONTRIBUTING.md tells how to build it."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE / "_ext")]
# One thread for every library: the pictures are small, and the builder may be busy.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Workers that an example starts import the package that is documented.
os.environ["PYTHONPATH"] = os.pathsep.join(
    [str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
)

import sphinx.ext.autosummary as summaries  # noqa: E402

# Sphinx shows what is logged; of a cluster only what goes wrong.
logging.getLogger("distributed").setLevel(logging.WARNING)

import skdefocus  # noqa: E402

project = "skdefocus"
author = "The skdefocus developers"
copyright = f"2026, {author}"
release = version = skdefocus.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "matplotlib.sphinxext.plot_directive",
    "sphinx_gallery.gen_gallery",
    "mathml",
    "short_names",
]
templates_path = ["_templates"]
exclude_patterns = ["_build"]
default_role = "py:obj"
# So that a name in the text keeps to one line of code.
smartquotes = False

# Reference: one page for each public name.
autosummary_generate = True
# A summary is a docstring's first sentence, which does not end here.
summaries.WELL_KNOWN_ABBREVIATIONS += ("sec.", "eq.", "eqs.", "Fig.")
autodoc_typehints = "none"  # The docstrings tell shapes and units beside the types.
numpydoc_show_class_members = False

# Mathematics without a script or a font from elsewhere.
html_math_renderer = "mathml"

# Pictures of the guide, made from the code beside them.
plot_formats = [("png", 110)]
plot_html_show_formats = False
plot_html_show_source_link = False
plot_include_source = True
plot_rcparams = {"figure.constrained_layout.use": True, "figure.figsize": (8.0, 3.0)}
plot_apply_rcparams = True

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "within_subsection_order": "FileNameSortKey",
    "doc_module": ("skdefocus",),
    "backreferences_dir": "gallery/backreferences",
    "reference_url": {"skdefocus": None},
    "download_all_examples": False,
    "show_memory": False,
    "write_computation_times": False,
    "show_signature": False,
    # What an example prints, and not the last value of each cell.
    "capture_repr": (),
    "remove_config_comments": True,
    "abort_on_example_error": True,
}

html_theme = "furo"
html_title = f"skdefocus {version}"
html_favicon = "_static/icon.svg"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
