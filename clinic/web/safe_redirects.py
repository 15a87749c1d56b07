"""Safe redirects: a path from a form or URL is used only if it cannot lead to another site."""

from urllib.parse import urlsplit


def own_path(wanted: str | None) -> str | None:
    """One of our own paths to return to; None for anything that could lead to another site, or is not a URL."""
    if not wanted or not wanted.startswith("/") or "\\" in wanted or not wanted.isprintable():
        return None
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return None
    return wanted if not parts.scheme and not parts.netloc and not wanted.startswith("//") else None
