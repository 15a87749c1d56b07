"""The habits of CONTRIBUTING.md that a machine can see, looked for in every file of the project."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("clinic", "tests", "templates", "assets", "migrations", "docs", "tools", "bench", ".ci")
MADE = ("static/dist", "__pycache__")
PUBLISHED = "clinic/api/schemas.py publishes this name in the interface's description"
SHARED_CLASS_NAMES = {"Appointment": PUBLISHED, "Therapist": PUBLISHED, "Treatment": PUBLISHED}
GIT = ROOT / ".git"  # A file, where the project is checked out a second time.
TEXTS = {".py", ".md", ".html", ".txt", ".css", ".js", ".mjs", ".sh", ".toml", ".yml", ".json", ".svg", ""}


@dataclass(frozen=True)
class Habit:
    """What must not be found, in which files, and what to do instead."""

    name: str
    pattern: str
    files: str
    instead: str


HABITS = [
    Habit("nothing is left for later", r"\b(TODO|FIXME|XXX)\b", r".*", "do it, or write a decision"),
    Habit(
        "no test is left out",
        r"pytest\.(skip|xfail|importorskip)|mark\.(skip|skipif|xfail)\b",
        r"tests/.*\.py",
        "make it run everywhere, or delete it",
    ),
    Habit("no test sleeps", r"\btime\.sleep\(", r"tests/.*\.py", "wait for a condition"),
    Habit(
        "an ignore carries its code and its reason",
        r"# type: ignore(?!\[[\w, -]+\]  # \S)|# noqa(?!: [A-Z]+\d+( - |  # )\S)",
        r"(clinic/.*|config|worker)\.py",
        "# type: ignore[code]  # reason",
    ),
    Habit(
        "no path of somebody's machine",
        r"(?<![\w.])/(home|Users|root|work)/\w",
        r".*",
        "a path inside the project, or a setting",
    ),
    Habit("no debugger is left behind", r"\bbreakpoint\(|\bpdb\b", r".*\.py", "a test"),
]


def project_files() -> list[Path]:
    inside = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*")]
    found = [
        path
        for path in [*ROOT.iterdir(), *inside]
        if path.is_file() and path.suffix in TEXTS and path.name != ".git"
    ]
    return sorted(
        path
        for path in found
        if path not in (Path(__file__), GIT) and not any(part in str(path) for part in MADE)
    )


def offences(habit: Habit, name: str, text: str) -> list[str]:
    if not re.fullmatch(habit.files, name):
        return []
    return [
        f"{name}:{number}: {line.strip()[:80]}"
        for number, line in enumerate(text.splitlines(), start=1)
        if re.search(habit.pattern, line)
    ]


@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: habit.name.replace(" ", "_"))
def test_the_habit_is_kept_that(habit: Habit) -> None:
    found = [
        offence
        for path in project_files()
        if not path.name.endswith((".lock", "-lock.json"))
        for offence in offences(habit, str(path.relative_to(ROOT)), path.read_text("utf-8"))
    ]
    assert not found, f"{habit.instead}:\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("nothing is left for later", "# TODO: later"),
        ("no test is left out", "@pytest.mark.skipif(True)"),
        ("no test sleeps", "time.sleep(1)"),
        ("an ignore carries its code and its reason", "x = f()  # type: ignore"),
        ("an ignore carries its code and its reason", "x = f()  # type: ignore[arg-type]"),
        ("an ignore carries its code and its reason", "x = f()  # noqa: S101"),
        ("no path of somebody's machine", "open('/home/ana/clinic')"),
        ("no debugger is left behind", "breakpoint()"),
    ],
)
def test_an_offence_would_be_seen(name: str, line: str) -> None:
    (habit,) = (each for each in HABITS if each.name == name)
    where = "tests/test_x.py" if habit.files.startswith("tests") else "clinic/x.py"
    assert offences(habit, where, line)


def test_the_search_sees_the_whole_project() -> None:
    names = {str(path.relative_to(ROOT)) for path in project_files()}
    assert {"config.py", "Makefile", "clinic/app.py", "templates/base.html", "tests/conftest.py"} <= names


def public_classes(root: Path) -> Iterator[tuple[str, str]]:
    """Every public top-level class below `root`: its name and its module's path relative to `root`."""
    for path in sorted(root.rglob("*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                yield node.name, str(path.relative_to(root))


def shared_class_names(root: Path) -> dict[str, list[str]]:
    modules: dict[str, list[str]] = defaultdict(list)
    for name, module in public_classes(root):
        modules[name].append(module)
    return {name: where for name, where in modules.items() if len(where) > 1}


def test_a_public_class_name_is_defined_once_unless_it_is_listed_with_a_reason() -> None:
    shared = shared_class_names(ROOT / "clinic")
    unlisted = {name: where for name, where in shared.items() if name not in SHARED_CLASS_NAMES}
    assert not unlisted, f"qualify the name by its domain: {unlisted}"
    assert shared.keys() == SHARED_CLASS_NAMES.keys(), "a listed name is no longer shared"


def test_a_class_name_defined_twice_would_be_seen(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "one.py").write_text("class Day: ...\nclass _Row: ...\nclass Week: ...\n")
    (tmp_path / "inner" / "two.py").write_text(
        "class Day: ...\nclass _Row: ...\ndef f():\n    class Week: ...\n"
    )
    assert shared_class_names(tmp_path) == {"Day": ["inner/two.py", "one.py"]}
