"""Which requests are answered: those of this machine's own page.

A page elsewhere can have a browser send requests to 127.0.0.1, and can give 127.0.0.1 a
name of its own (DNS rebinding). So Host and Origin must be ours, for HTTP and websocket
alike, and what changes anything must say its Origin.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["SECURITY_HEADERS", "is_own_request"]

# The browser itself refuses to ask anyone else, or to be framed.
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; "
        "font-src 'self'; connect-src 'self' blob:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_SAFE = frozenset({"GET", "HEAD"})


def is_own_request(
    method: str, headers: Mapping[str, str], port: int, *, n_hosts: int = 1
) -> bool:
    """Tell whether a request comes from the page that this server serves.

    Parameters
    ----------
    method : str
        Of the request.
    headers : mapping of str to str
        Its headers, found by name in any case.
    port : int
        That the server listens at.
    n_hosts : int, default=1
        How many Host headers came.

    Returns
    -------
    bool
        False for another Host or Origin, for a request from another site's page, and
        for a websocket or a change without an Origin.
    """
    host = headers.get("Host", "")
    own = {f"127.0.0.1:{port}", f"localhost:{port}"}
    if n_hosts != 1 or host not in own:
        return False
    origin = headers.get("Origin")
    if origin is not None:
        return origin == f"http://{host}"
    if headers.get("Upgrade") is not None or method not in _SAFE:
        return False
    # Without an Origin: a link or an address typed in, or what our own page loads.
    foreign = headers.get("Sec-Fetch-Site", "none") in ("cross-site", "same-site")
    return not foreign or headers.get("Sec-Fetch-Mode") == "navigate"
