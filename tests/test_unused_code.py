"""Nothing in `clinic/` is there only for its tests: every public function and class is used by the product itself."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
USERS = (
    "clinic",
    "migrations",
    "tools",
    "bench",
    "config.py",
    "secret_keys.py",
    "worker.py",
    "gunicorn.conf.py",
    "addresses.py",
)
LISTED = {
    "clinic.worker.beat_scheduler.HeartbeatScheduler": "Celery imports it from the name in its settings",
    "clinic.guidance.statements.statement_behind": "shows that every citation leads to a statement",
    "clinic.guidance.wording.texts": "the catalogues of health texts are compared with it",
}
"""What only tests use, with the reason why it stays."""


def modules(root: Path) -> dict[str, ast.Module]:
    """The parsed modules that may use the product's code, by dotted name."""
    paths = [
        path for user in USERS for path in ([root / user] if "." in user else (root / user).rglob("*.py"))
    ]
    return {
        path.relative_to(root)
        .with_suffix("")
        .as_posix()
        .removesuffix("/__init__")
        .replace("/", "."): ast.parse(path.read_text("utf-8"))
        for path in paths
        if path.is_file()
    }


def imported(tree: ast.Module) -> dict[str, str]:
    """The full names of what a module imports, by the names it uses for them."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {each.asname or each.name: f"{node.module}.{each.name}" for each in node.names}
    return found


def used(module: str, tree: ast.Module) -> Iterator[str]:
    """The full names that a module imports, reaches through an import, or uses outside their own definition."""
    names = imported(tree)
    yield from names.values()
    for statement in tree.body:
        own = getattr(statement, "name", None)
        for node in ast.walk(statement):
            match node:
                case ast.Attribute(value=ast.Name(id=first), attr=name) if first in names:
                    yield f"{names[first]}.{name}"
                case ast.Name(id=name) if name != own:
                    yield f"{module}.{name}"


def defined(module: str, tree: ast.Module) -> Iterator[str]:
    """Public functions and classes; a decorated function is used by its decorator (a route, a command, a listener)."""
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        if isinstance(node, ast.ClassDef) or not node.decorator_list:
            yield f"{module}.{node.name}"


def unused(root: Path) -> set[str]:
    trees = modules(root)
    every_use = {name for module, tree in trees.items() for name in used(module, tree)}
    every_name = {
        name
        for module, tree in trees.items()
        if module.startswith("clinic")
        for name in defined(module, tree)
    }
    return every_name - every_use


def test_no_public_function_or_class_is_there_only_for_tests() -> None:
    assert unused(ROOT) <= set(LISTED), "delete it with its tests, or list it with a reason"


def test_what_nothing_uses_would_be_seen(tmp_path: Path) -> None:
    (tmp_path / "clinic").mkdir()
    (tmp_path / "clinic" / "one.py").write_text(
        "def called(): ...\ndef inside(): ...\ndef again(): again()\nclass Alone: ...\nX = inside()\n"
        "@route\ndef page(): ...\n"
    )
    (tmp_path / "clinic" / "two.py").write_text("from clinic import one\none.called()\n")
    assert unused(tmp_path) == {"clinic.one.again", "clinic.one.Alone"}
