"""Resolves `asset("site.css")` to the hashed file name that the front-end build wrote.

`node build.mjs` bundles `assets/` into `clinic/static/dist` and writes `manifest.json` there, plain name to hashed name.
"""

import json
from collections.abc import Callable
from mimetypes import guess_type
from pathlib import Path
from typing import cast

from flask import Flask, current_app, request, send_file
from flask.typing import ResponseReturnValue
from werkzeug.security import safe_join


class NotBuilt(RuntimeError):
    """The front end has not been built, or there is no such asset."""


def init_app(app: Flask) -> None:
    """Give every template, macros included, the function `asset(name)`.

    In debug the manifest is read again at each call, so that a rebuild shows without a restart.
    """
    dist = Path(app.static_folder or "static") / "dist"
    base = f"{app.static_url_path}/dist"
    app.view_functions["static"] = _packed(app)
    app.jinja_env.globals["asset"] = _fresh(dist, base) if app.debug else addresses(dist, base)


def asset_url(name: str) -> str:
    """The path of an asset, as templates find it. Raises NotBuilt."""
    find = cast(Callable[[str], str], current_app.jinja_env.globals["asset"])
    return find(name)


def asset_file(name: str) -> Path:
    """The built file of an asset, for an address of its own. Raises NotBuilt."""
    return Path(current_app.static_folder or "static") / "dist" / Path(asset_url(name)).name


def _packed(app: Flask) -> Callable[[str], ResponseReturnValue]:
    """The static view, which sends the build's compressed copy to browsers that accept gzip.

    For pages see `clinic.web.compression`.
    """

    def static(filename: str) -> ResponseReturnValue:
        folder = Path(app.static_folder or "static")
        packed = safe_join(str(folder), f"{filename}.gz")
        if packed is None or not request.accept_encodings["gzip"] or not Path(packed).is_file():
            return app.send_static_file(filename)
        answer = send_file(
            packed, mimetype=guess_type(filename)[0], max_age=app.get_send_file_max_age(filename)
        )
        answer.headers["Content-Encoding"] = "gzip"
        answer.headers["Vary"] = "Accept-Encoding"
        return answer

    return static


def addresses(dist: Path, base: str) -> Callable[[str], str]:
    """A function from the plain name of an asset to its URL below `base`.

    The manifest is read once, at the first call, so that commands that render no page run without a build. The function
    raises NotBuilt if there is no manifest or it has no such name.
    """
    names: dict[str, str] = {}

    def asset(name: str) -> str:
        if not names:
            names.update(manifest(dist))
        if name not in names:
            raise NotBuilt(f"the front-end build makes no {name}; see build.mjs")
        return f"{base}/{names[name]}"

    return asset


def manifest(dist: Path) -> dict[str, str]:
    """Plain names and hashed names of everything that was built. Raises NotBuilt if nothing was."""
    try:
        written = (dist / "manifest.json").read_text()
    except FileNotFoundError as absent:
        raise NotBuilt("the front end is not built; run `make build`") from absent
    names: dict[str, str] = json.loads(written)
    return names


def _fresh(dist: Path, base: str) -> Callable[[str], str]:
    return lambda name: addresses(dist, base)(name)
