"""The habits of CONTRIBUTING.md that a machine can see, looked for in every file of the project."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("clinic", "tests", "templates", "assets", "migrations", "docs", "tools", "bench", ".ci")
MADE = ("static/dist", "__pycache__")
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
