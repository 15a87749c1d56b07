"""Templates lie where the modules that show them lie: every name leads to a file, and every file has a name that leads to it."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
NAMED = re.compile(
    r"\"((?:public|portal|staff|one_time|errors|macros|backup|exports)/[\w/{} .<>=-]*\.html|base\.html)\""
)
IN_NO_PAGE_YET = {"macros/dialog.html"}
SURFACES = ("public", "portal", "staff")


def names() -> set[str]:
    """What Python and templates call templates; `{…}` stands for one word."""
    files = [*(ROOT / "clinic").rglob("*.py"), *TEMPLATES.rglob("*.html")]
    return {name for path in files for name in NAMED.findall(path.read_text(encoding="utf-8"))}


def files_of(name: str) -> set[str]:
    pattern = re.sub(r"\{[^{}]*\}", "*", name)
    return {str(path.relative_to(TEMPLATES)) for path in TEMPLATES.glob(pattern)}


def test_a_template_that_is_named_exists() -> None:
    assert len(names()) > 100
    assert [name for name in sorted(names()) if not files_of(name)] == []


def test_only_the_bodies_of_letters_do_without_escaping() -> None:
    """Flask escapes by a file's ending. The parts that a letter's body is made of escape for it (`messages/_parts.html`)."""
    endings = {path.suffix for path in TEMPLATES.rglob("*.*") if path.parent.name != "messages"}
    assert endings == {".html", ".xml"}


def test_a_template_that_exists_is_named() -> None:
    known = {file for name in names() for file in files_of(name)}
    there = {str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html")}
    assert sorted(name for name in there - known - IN_NO_PAGE_YET if not name.startswith("messages/")) == []


def test_the_folders_of_a_surfaces_templates_are_its_packages_and_modules() -> None:
    strange = [
        str(folder.relative_to(TEMPLATES))
        for surface in SURFACES
        for folder in (TEMPLATES / surface).rglob("*")
        if folder.is_dir() and not is_room(ROOT / "clinic" / folder.relative_to(TEMPLATES))
    ]
    assert strange == []


def is_room(path: Path) -> bool:
    return path.is_dir() or path.with_suffix(".py").is_file()


def test_a_part_that_is_imported_is_used() -> None:
    idle = [
        (str(path.relative_to(TEMPLATES)), part)
        for path in TEMPLATES.rglob("*.html")
        for part in parts_imported(path.read_text(encoding="utf-8"))
        if len(re.findall(rf"\b{part}\b", path.read_text(encoding="utf-8"))) < 2
    ]
    assert idle == []


def parts_imported(text: str) -> list[str]:
    """The names under which a template imports parts of another."""
    lists = re.findall(r"\{%-? from \"[^\"]*\" import ([^%]*?)(?: with context)? -?%\}", text)
    return [part.split(" as ")[-1].strip() for names in lists for part in names.split(",")]
