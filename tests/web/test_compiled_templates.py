"""Compiled templates outlive the process that compiled them, and never a change of their source."""

import sys
from pathlib import Path

import pytest
from flask import Flask, render_template
from jinja2 import DictLoader, nodes
from jinja2.defaults import DEFAULT_FILTERS
from jinja2.environment import CodeGenerator

from clinic.web import compiled_templates


@pytest.fixture(autouse=True)
def compiled_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python writes compiled files, whatever the machine has set."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


def rendered(folder: Path) -> str:
    """What a process that has just been started makes of the page."""
    app = Flask("compiled", root_path=str(folder))
    compiled_templates.init_app(app)
    with app.app_context():
        return render_template("page.html")


@pytest.fixture
def page(tmp_path: Path) -> Path:
    source = tmp_path / "templates" / "page.html"
    source.parent.mkdir()
    source.write_text("Good morning")
    return source


def test_the_next_process_compiles_nothing(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert rendered(page.parents[1]) == "Good morning"
    monkeypatch.delattr(CodeGenerator, "visit_Template")
    assert rendered(page.parents[1]) == "Good morning"


def test_a_changed_template_is_compiled_anew(page: Path) -> None:
    rendered(page.parents[1])
    page.write_text("Good evening")
    assert rendered(page.parents[1]) == "Good evening"


def folded(app: Flask, name: str) -> list[str]:
    """What a template asks one of our filters to make of a constant, which is done once, when it is compiled."""
    env = app.jinja_env
    source, _, _ = env.loader.get_source(env, name)  # type: ignore[union-attr]
    return [
        f"{name}:{node.lineno} {node.name}"
        for node in env.parse(source).find_all(nodes.Filter)
        if node.name not in DEFAULT_FILTERS and isinstance(node.node, nodes.Const)
    ]


def test_no_filter_of_ours_is_applied_when_a_template_is_compiled(app: Flask) -> None:
    assert [found for name in app.jinja_env.list_templates() for found in folded(app, name)] == []


def test_a_filter_applied_to_a_constant_is_found() -> None:
    app = Flask("compiled")
    app.jinja_env.loader = DictLoader({"page.html": "{{ 'morning' | said }} {{ day | said }}"})
    app.jinja_env.filters["said"] = str.title
    assert folded(app, "page.html") == ["page.html:1 said"]


def test_where_no_folder_can_be_made_pages_are_shown_all_the_same(page: Path) -> None:
    in_the_way = page.parents[1] / "__pycache__"
    in_the_way.write_text("")
    assert rendered(page.parents[1]) == "Good morning"
    assert in_the_way.read_text() == ""


def test_who_wants_no_compiled_files_gets_none(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert rendered(page.parents[1]) == "Good morning"
    assert [path.name for path in page.parents[1].iterdir()] == ["templates"]
