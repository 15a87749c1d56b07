"""Paths of our own to go back to: what a form or an address names is believed only when it cannot lead elsewhere."""

from urllib.parse import urlsplit


def own_path(wanted: str | None) -> str | None:
    """A path of our own to go back to; None for anything that could lead elsewhere, or that is no address at all."""
    if not wanted or not wanted.startswith("/") or "\\" in wanted or not wanted.isprintable():
        return None
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return None
    return wanted if not parts.scheme and not parts.netloc and not wanted.startswith("//") else None
