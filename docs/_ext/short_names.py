"""Link names in backticks, such as `GlobalRefiner`, from wherever they are written."""

from __future__ import annotations

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode

__all__ = ["setup"]

# Labels of scikit-learn's documentation in docstrings that estimators inherit.
_ELSEWHERE = {"accuracy_score"}


def _resolve(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.Element
) -> nodes.Element | None:
    """Give the one public name that ends in what is written, if there is one."""
    if node.get("reftype") == "ref" and node["reftarget"] in _ELSEWHERE:
        return content
    if node.get("refdomain") != "py":
        return None
    # `skdefocus.mapping.SlidingWindowMapper` is documented as that of skdefocus.
    parts = node["reftarget"].lstrip(".").split(".")
    if parts[0] == "skdefocus":
        parts = parts[2:]
    ending = ".".join(parts)
    # Beside each name stands, as an alias, the one that tells the file of its code.
    objects = {
        name: entry
        for name, entry in env.domains.python_domain.objects.items()
        if not entry.aliased
    }
    found = [name for name in objects if name.endswith(f".{ending}")] if ending else []
    if len(found) != 1:
        return None
    target = objects[found[0]]
    return make_refnode(
        app.builder, node["refdoc"], target.docname, target.node_id, content, found[0]
    )


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to references that Sphinx itself does not find."""
    app.connect("missing-reference", _resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
