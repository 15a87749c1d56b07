"""Plain names become the hashed names of the last build, and pages stay light."""

import gzip
import json
import re
from pathlib import Path

import pytest
from flask import Flask

from clinic.web.assets import NotBuilt, addresses, manifest

ROOT = Path(__file__).parents[2]
DIST = ROOT / "clinic/static/dist"
PUBLIC_LIMIT = 100_000
STAFF_LIMIT = 200_000


def test_a_plain_name_becomes_the_address_of_the_hashed_file(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"site.css": "site-AB12.css"}))
    assert addresses(tmp_path, "/static/dist")("site.css") == "/static/dist/site-AB12.css"


def test_a_name_that_no_build_makes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"site.css": "site-AB12.css"}))
    with pytest.raises(NotBuilt, match=r"makes no sight\.css"):
        addresses(tmp_path, "/static/dist")("sight.css")


def test_without_a_build_the_message_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NotBuilt, match="make build"):
        manifest(tmp_path)


def test_a_page_with_hashed_names_can_be_kept_for_ever_because_each_name_exists() -> None:
    for name in manifest(DIST).values():
        assert (DIST / name).is_file()
        assert re.fullmatch(r".+-[A-Z0-9]{8}\.\w+", name)


def test_a_rebuild_shows_at_once_while_debugging(tmp_path: Path) -> None:
    from clinic.web import assets

    app = Flask("debugged", static_folder=str(tmp_path))
    app.debug = True
    (tmp_path / "dist").mkdir()
    written = tmp_path / "dist" / "manifest.json"
    written.write_text(json.dumps({"site.css": "site-1.css"}))
    assets.init_app(app)
    asset = app.jinja_env.globals["asset"]
    assert asset("site.css").endswith("site-1.css")
    written.write_text(json.dumps({"site.css": "site-2.css"}))
    assert asset("site.css").endswith("site-2.css")


def test_the_lock_file_names_no_place_to_download_from() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert not [name for name, package in packages.items() if "resolved" in package]
    assert all("integrity" in package for name, package in packages.items() if name)


def test_front_end_versions_are_exact() -> None:
    wanted = json.loads((ROOT / "package.json").read_text())
    versions = [*wanted["dependencies"].values(), *wanted["devDependencies"].values()]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions)


@pytest.mark.parametrize(
    ("page", "limit"),
    [
        ("client", PUBLIC_LIMIT),
        ("questions", PUBLIC_LIMIT),
        ("staff", STAFF_LIMIT),
        ("calendar", STAFF_LIMIT),
    ],
)
def test_a_page_with_everything_it_loads_stays_within_its_weight(face: Flask, page: str, limit: int) -> None:
    html = face.test_client().get(f"/parts/{page}").text
    loaded = set(re.findall(r"/static/dist/([\w.-]+)", html))
    assert any(name.endswith(".woff2") for name in loaded)
    weight = len(gzip.compress(html.encode())) + sum(
        len(gzip.compress((DIST / name).read_bytes())) for name in loaded
    )
    assert weight < limit
