"""The habits of CONTRIBUTING.md that a machine can see, looked for in every file of the project."""

import ast
import builtins
import io
import re
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import clinic.app  # noqa: F401 - loads every model
from clinic.db import Base
from clinic.maintenance.processing import ABOUT_NOBODY, PROCESSING

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
    Habit(
        "a template's line is short enough to read",
        r"^.{161}",
        r"templates/.*",
        "break it before a command with {%-, between attributes, or between two parts of one text",
    ),
    Habit("no debugger is left behind", r"\bbreakpoint\(|\bpdb\b", r".*\.py", "a test"),
]


@cache
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
        ("a template's line is short enough to read", "<p>" + "word " * 40 + "</p>"),
        ("no debugger is left behind", "breakpoint()"),
    ],
)
def test_an_offence_would_be_seen(name: str, line: str) -> None:
    (habit,) = (each for each in HABITS if each.name == name)
    folder = next((one for one in ("tests", "templates") if habit.files.startswith(one)), "clinic")
    assert offences(habit, f"{folder}/test_x.py", line)


def test_the_search_sees_the_whole_project() -> None:
    names = {str(path.relative_to(ROOT)) for path in project_files()}
    assert {"config.py", "Makefile", "clinic/app.py", "templates/base.html", "tests/conftest.py"} <= names


def public_classes(root: Path) -> Iterator[tuple[str, str]]:
    """Every public top-level class below `root`: its name and its module's path relative to `root`."""
    for path in sorted(root.rglob("*.py")):
        for node in parsed(path.read_text("utf-8")).body:
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


POINTER = re.compile(r"`([A-Za-z_]\w*(?:[./]\w+)+(?:\.\w+)?)(?:\([^`]*\))?`")
FILE_SUFFIXES = {"py", "md", "html", "txt", "css", "js", "mjs", "json", "toml", "yml", "po", "jinja", "conf"}
DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    *(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md")),
)
NO_POINTERS = {
    "postmaster.pid": "a file of PostgreSQL",
    "manifest.json": "made by the build of the assets",
    "sheet.html": "what a reader calls a file of theirs",
    "security.txt": "an address under /.well-known",
    "app.config": "Flask's",
    "drafts.id": "every table's key, from `db.Identified`",
    "doctor_pages.id": "every table's key, from `db.Identified`",
    "guardian_consents.id": "every table's key, from `db.Identified`",
    "own_words.happened": "a key of answers",
    "own_words.conditions": "a key of answers",
    "own_words.medicines": "a key of answers",
    "own_words.allergies": "a key of answers",
    "var.keys": "the file of keys beside the folder `var`",
    "practice.example": "an example of a domain",
    "lumbar.example": "an example of a domain",
}


def pointers(text: str) -> list[str]:
    """The names in backticks that have a dot or a slash, without the arguments of a call."""
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    return POINTER.findall(prose)


@cache
def parsed(source: str) -> ast.Module:
    return ast.parse(source)


def docstrings(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    yield ast.get_docstring(node) or ""
    for inner in node.body:
        if isinstance(inner, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield from docstrings(inner)


def prose_of(source: str) -> Iterator[str]:
    """The docstrings and the comments of a module."""
    yield from docstrings(parsed(source))
    if re.search(r"#.*`", source):
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                yield token.string


def defined(body: list[ast.stmt]) -> dict[str, ast.stmt]:
    """What a module or class body defines or imports, by name, also below `if` and `with`."""
    found: dict[str, ast.stmt] = {}
    for node in body:
        match node:
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                found[node.name] = node
            case ast.Assign():
                found |= {
                    name.id: node
                    for each in node.targets
                    for name in ast.walk(each)
                    if isinstance(name, ast.Name)
                }
            case ast.AnnAssign(target=ast.Name(id=name)):
                found[name] = node
            case ast.Import() | ast.ImportFrom():
                found |= {alias.asname or alias.name: node for alias in node.names}
            case ast.If() | ast.With() | ast.Try():
                found |= defined(node.body)
    return found


class Targets:
    """Everything that a pointer can name: files, modules with their contents, tables with their columns."""

    def __init__(self, root: Path) -> None:
        folders = [root, *(root / each for each in FOLDERS)]
        inside = [path for each in folders for path in (each.iterdir() if each == root else each.rglob("*"))]
        self.paths = {path.relative_to(root).as_posix() for path in inside if "__pycache__" not in path.parts}
        self.modules: dict[str, list[dict[str, ast.stmt]]] = defaultdict(list)
        self.classes: dict[str, list[dict[str, ast.stmt]]] = defaultdict(list)
        for path in sorted(each for each in self.paths if re.match(r"clinic/.*\.py$", each)):
            names = defined(parsed((root / path).read_text("utf-8")).body)
            parts = path.removesuffix(".py").removesuffix("/__init__").split("/")
            for start in range(len(parts)):
                self.modules[".".join(parts[start:])].append(names)
            for node in names.values():
                if isinstance(node, ast.ClassDef):
                    self._add_class(node)

    def _add_class(self, node: ast.ClassDef) -> None:
        members = defined(node.body)
        self.classes[node.name].append(members)
        match members.get("__tablename__"):
            case ast.Assign(value=ast.Constant(value=str(table))):
                self.classes[table].append(members)

    def has(self, pointer: str) -> bool:
        """Whether the file, module, function, class, member or column that `pointer` names exists."""
        if "/" in pointer or pointer.rpartition(".")[2] in FILE_SUFFIXES:
            return any(f"/{path}".endswith(f"/{pointer}") for path in self.paths)
        first, *rest = pointer.split(".")
        if pointer in self.modules or self._in_classes(first, rest):
            return True
        module, _, name = pointer.rpartition(".")
        if any(name in names for names in self.modules[module]):
            return True
        outer, _, owner = module.rpartition(".")
        return any(owner in names for names in self.modules[outer]) and self._in_classes(owner, [name])

    def _in_classes(self, owner: str, rest: list[str]) -> bool:
        return len(rest) == 1 and any(rest[0] in members for members in self.classes[owner])


def rooms_listed(package: Path) -> list[str]:
    """The names in the first column of the table in a package's docstring."""
    prose = ast.get_docstring(parsed((package / "__init__.py").read_text("utf-8"))) or ""
    return re.findall(r"^    ([a-z_]+)  +\S", prose, flags=re.MULTILINE)


@pytest.mark.parametrize(
    "folder",
    sorted({each.parent for each in (ROOT / "clinic").rglob("__init__.py")}),
    ids=lambda folder: str(folder.relative_to(ROOT)),
)
def test_a_package_lists_only_modules_that_it_has(folder: Path) -> None:
    missing = [
        each
        for each in rooms_listed(folder)
        if not {f"{each}.py", each} & {path.name for path in folder.iterdir()}
    ]
    assert not missing


def test_a_decision_has_a_number_of_its_own() -> None:
    numbers = [path.name[:4] for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md")]
    assert len(numbers) == len(set(numbers)), sorted(
        number for number in numbers if numbers.count(number) > 1
    )


@cache
def targets() -> Targets:
    return Targets(ROOT)


def test_every_dotted_name_in_docstrings_comments_and_documents_exists() -> None:
    texts = [
        *(
            (path, prose)
            for path in sorted((ROOT / "clinic").rglob("*.py"))
            for prose in prose_of(path.read_text("utf-8"))
        ),
        *((ROOT / name, (ROOT / name).read_text("utf-8")) for name in DOCUMENTS),
    ]
    stale = [
        f"{path.relative_to(ROOT)}: {pointer}"
        for path, text in texts
        for pointer in pointers(text)
        if pointer not in NO_POINTERS and not targets().has(pointer)
    ]
    assert not stale, "these names stand for nothing:\n" + "\n".join(stale)


@pytest.mark.parametrize(
    "pointer",
    ["clinic.db", "booking.locking.lock", "clinic/db.py", "sealed.py", "db.Identified", "templates/messages"],
)
def test_a_name_that_exists_is_found(pointer: str) -> None:
    assert targets().has(pointer)


@pytest.mark.parametrize(
    "pointer",
    ["clinic.dbx", "booking.locking.unlock", "clinic/nowhere.py", "Appointment.no_such_column", "dbx.py"],
)
def test_a_name_that_stands_for_nothing_would_be_seen(pointer: str) -> None:
    (found,) = pointers(f"Ask `{pointer}` first.")
    assert not targets().has(found)


def test_pointers_are_read_from_docstrings_and_comments_only() -> None:
    source = '"""See `one.two`."""\nx = "`no.pointer`"  # and `three.four(five)`\n'
    assert [each for prose in prose_of(source) for each in pointers(prose)] == ["one.two", "three.four"]


def raised(prose: str) -> Iterator[str]:
    """The class names that a docstring says are raised."""
    for sentence in re.findall(r"\b[Rr]aises? ([^.;:]*)", prose):
        yield from re.findall(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)*\b", sentence)


NO_ERRORS = {"Monday": "a day, to which a move is raised"}


def test_an_error_that_a_docstring_says_is_raised_exists() -> None:
    known = {*dir(builtins), *NO_ERRORS}
    said: list[tuple[str, str]] = []
    for path in sorted((ROOT / "clinic").rglob("*.py")):
        tree = parsed(path.read_text("utf-8"))
        for node in ast.walk(tree):
            match node:
                case ast.ClassDef(name=name):
                    known.add(name)
                case ast.alias(name=name, asname=asname):
                    known.add(asname or name)
        where = str(path.relative_to(ROOT))
        said += [(where, name) for prose in docstrings(tree) for name in raised(prose)]
    assert [(where, name) for where, name in said if name not in known] == []


def test_an_error_that_is_said_to_be_raised_is_read_from_a_docstring() -> None:
    assert list(raised("Give it. Raises Stale, and NoSuchVisit for an old one. Monday is fine.")) == [
        "Stale",
        "NoSuchVisit",
    ]


def test_every_table_stands_on_the_privacy_page_or_is_about_nobody() -> None:
    """A new table belongs to a purpose in `clinic.maintenance.processing`, or to its list of tables about nobody."""
    named = [table for row in PROCESSING for table in row.tables]
    assert len(named) == len(set(named))
    assert set(named) & set(ABOUT_NOBODY) == set()
    assert sorted(set(Base.metadata.tables) - set(named) - set(ABOUT_NOBODY)) == []
    assert sorted({*named, *ABOUT_NOBODY} - set(Base.metadata.tables)) == []
