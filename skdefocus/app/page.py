"""The page as Panel serves it: a document of its own for every tab, and a channel."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import panel as pn
import param
from panel.custom import JSComponent
from panel.models.esm import ESMEvent
from tornado.ioloop import IOLoop

from .._shared.sigma_scale import LARGEST_SIGMA, from_log_sigma, to_log_sigma
from ..figures import color_map
from ..io.formats import READ_ENDINGS
from .recipe import PRODUCTS
from .session import Session

__all__ = ["ASSETS", "make_page"]

# Sigma, in pixels, from which the map's colors stay the same, and below it.
_TICKS = (0, 1, 2, 4, 8, 19)
ASSETS = Path(__file__).parent / "assets"


class Channel(JSComponent):
    """Carries messages between the page's own script and a session."""

    token = param.String()
    given = param.Boolean()

    _esm = """
    export async function render({ model }) {
      const address = new URL("/assets/page.js", window.location.origin)
      const page = await import(address.href)
      page.start(model)
      return document.createElement("span")
    }
    """

    def __init__(self, session: Session, **parameters: Any) -> None:
        super().__init__(  # type: ignore[no-untyped-call]  # Panel's has no types.
            token=session.token, **parameters
        )
        self._session = session

    def _handle_msg(self, data: Any) -> None:
        self._session.handle(data)

    def send(self, message: dict[str, Any]) -> None:
        """Send a message to the page.

        Under the document's lock, through Bokeh: Panel's own way may write to the
        socket outside of that lock.

        Parameters
        ----------
        message : dict
            What the page's script understands.
        """
        # The model of a template's item is kept under two names.
        for model in {id(model): model for model, _ in self._models.values()}.values():
            if model.document is not None:
                event = ESMEvent(model=model, data=message)
                model.document.callbacks.send_event(event)


def make_page(
    make_session: Callable[[Callable[[dict[str, Any]], None]], Session],
    *,
    given: bool,
) -> pn.Template:
    """Make the page of one tab.

    Parameters
    ----------
    make_session : callable
        Takes the function that sends a message to the page.
    given : bool
        Whether the command line gave a photograph, which the page opens first.

    Returns
    -------
    panel.Template
        To be served.
    """
    current = pn.state.curdoc
    # A tab has one.
    assert current is not None
    document = current
    # The page says so itself.
    document.config.notify_connection_status = False
    channel: list[Channel] = []

    loop = IOLoop.current()

    def hand_over(message: dict[str, Any]) -> None:
        if not session.closed:
            document.add_next_tick_callback(partial(channel[0].send, message))

    def tell(message: dict[str, Any]) -> None:
        # From any thread to the server's own, and there to the document's lock.
        loop.add_callback(hand_over, message)

    session = make_session(tell)
    channel.append(Channel(session, given=given))
    document.on_session_destroyed(lambda context: session.close())
    template = pn.Template((ASSETS / "page.html").read_text(encoding="utf-8"))
    template.add_panel("channel", channel[0])
    colors, ticks = _color_bar()
    template.add_variable("products", PRODUCTS)
    template.add_variable("endings", ",".join(READ_ENDINGS))
    template.add_variable("colors", colors)
    template.add_variable("ticks", ticks)
    return template


def _color_bar() -> tuple[str, list[tuple[float, str]]]:
    """Give the map's colors, for CSS, and where along them which sigma lies."""
    low, high = to_log_sigma(np.array([0.0, LARGEST_SIGMA]))
    scale = from_log_sigma(np.linspace(low, high, 29))
    colors = [f"rgb({r}, {g}, {b})" for r, g, b in color_map(scale[np.newaxis])[0]]
    places = (to_log_sigma(np.array(_TICKS, float)) - low) / (high - low) * 100
    texts = [*map(str, _TICKS[:-1]), f"{_TICKS[-1]}+"]
    return ", ".join(colors), list(zip(places.round(2), texts, strict=True))
