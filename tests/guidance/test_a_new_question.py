"""A new question touches two files: proved by adding one to a copy of the product, asking it and reading its answer."""

import json
from collections.abc import Mapping
from pathlib import Path

from tests import scratch

FIELD = """Field(
        name="sleeping_position",
        kind=FieldKind.ONE,
        title="Sleeps on",
        text="How do you mostly sleep?",
        help="A rough guess is fine.",
        options=choices(("back", "On my back"), ("side", "On a side"), ("front", "On my front")),
        optional=True,
    ),
    Field(
        name="home_help","""
SCRIPT = """
import json
from clinic.guidance import questionnaire
from clinic.guidance.conditions import is_
from clinic.guidance.questions import QUESTIONS
from clinic.staff.clinical.answers import read_panels
from tests.guidance import document

question = QUESTIONS["sleeping_position"]
answers = {"sleep_problem": "yes", "sleeping_position": questionnaire.read(question, ["side"], {"sleep_problem": "yes"})}
facts = questionnaire.facts_of(answers)
panels = {panel.title: dict(panel.rows) for panel in read_panels(answers, {}).panels}
print(json.dumps({
    "page": questionnaire.page_of("sleeping_position").slug,
    "asked": [questionnaire.asked(question, {"sleep_problem": said}) for said in ("yes", "no")],
    "stored": answers["sleeping_position"],
    "hidden": questionnaire.cleared({**answers, "sleep_problem": "no"}),
    "fact": facts.one("sleeping_position"),
    "rule": is_("sleeping_position", "side").holds(facts),
    "rule in words": is_("sleeping_position", "side").words(),
    "client": questionnaire.in_words("sleeping_position", "side"),
    "therapist": panels["What they like"]["Sleeps on"],
    "documented": "`sleeping_position`" in document.TABLES["questions"](),
}))
"""


def with_a_new_question(tree: Path) -> Mapping[str, str]:
    """The files that a new question touches, as they read afterwards: what it says, and where and of whom it is asked."""
    field, page = "clinic/guidance/fields/likes.py", "clinic/guidance/questions.py"
    return {
        field: scratch.changed(tree / field, 'Field(\n        name="home_help",', FIELD),
        page: scratch.changed(
            tree / page,
            '    QuestionPage("other-care", "F",',
            '    QuestionPage("sleep", "F", _ask("sleeping_position", shown=is_("sleep_problem", "yes"))),\n'
            '    QuestionPage("other-care", "F",',
        ),
    }


def test_adding_a_question_touches_two_files_and_it_is_asked_stored_judged_and_read(tmp_path: Path) -> None:
    tree = scratch.copied(tmp_path)
    added = with_a_new_question(tree)
    assert len(added) == 2
    scratch.add(tree, added)
    assert json.loads(scratch.run(tree, SCRIPT)) == {
        "page": "sleep",
        "asked": [True, False],
        "stored": "side",
        "hidden": {"sleep_problem": "no"},
        "fact": "side",
        "rule": True,
        "rule in words": "“Sleeps on” is “On a side”",
        "client": "On a side",
        "therapist": "On a side",
        "documented": True,
    }
