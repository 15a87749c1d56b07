"""The knowledge is complete and hangs together."""

import pytest

from clinic.guidance.causes import CAUSES
from clinic.guidance.fields import FIELDS
from clinic.guidance.knowledge import MODALITIES, SECTIONS, TECHNIQUES
from clinic.guidance.levels import Level
from clinic.guidance.plain import plain, record
from clinic.guidance.rules import CURRENT


def test_there_are_twelve_types_fifteen_techniques_and_thirteen_sections() -> None:
    assert (len(MODALITIES), len(TECHNIQUES), len(SECTIONS)) == (12, 15, 13)
    assert list(SECTIONS) == [f"G{number}" for number in range(13)]


def test_types_stand_in_the_order_of_the_last_tie_break() -> None:
    assert list(MODALITIES) == [option.code for option in FIELDS["modalities_liked"].options]


@pytest.mark.parametrize(
    ("intensity", "types"),
    [
        (1, {"craniosacral", "manual_lymphatic_drainage"}),
        (2, {"relaxation", "aromatherapy", "swedish"}),
        (3, {"acupressure", "myofascial_release", "neuromuscular"}),
        (4, {"trigger_point", "sports", "mechanical_impulse"}),
        (5, {"deep_tissue"}),
    ],
)
def test_intensities_are_those_of_the_guidance(intensity: int, types: set[str]) -> None:
    assert {kind.id for kind in MODALITIES.values() if kind.intensity == intensity} == types


def test_the_counts_of_sections_are_those_of_the_ranking() -> None:
    counts = {kind.id: kind.section_count for kind in MODALITIES.values() if kind.section_count > 1}
    assert counts == {"swedish": 5, "deep_tissue": 5, "trigger_point": 5, "sports": 2, "neuromuscular": 2}


def test_types_and_techniques_cite_known_sections() -> None:
    for kind in MODALITIES.values():
        assert set(kind.sections) <= set(SECTIONS)
        assert kind.what_it_is.endswith(".")
    for technique in TECHNIQUES.values():
        assert set(technique.sections) <= set(SECTIONS)


def test_every_cause_is_asked_about_and_touches_its_rules() -> None:
    rules = {rule.id: rule.when for rule in CURRENT.safety} | {rule.id: rule.when for rule in CURRENT.back}
    for cause in CAUSES:
        assert set(cause.sections) <= set(SECTIONS)
        fields = set()
        for fact in cause.facts:
            name, _, code = fact.partition(".")
            assert not code or code in FIELDS[name].codes
            fields.add(name)
        for rule in cause.rules:
            assert fields & set(rules[rule].fields), (cause.name, rule)


def test_every_section_that_describes_causes_or_types_is_cited_by_some_rule() -> None:
    cited = {
        section
        for rule in (*CURRENT.back, *CURRENT.preferences)
        for points in rule.points
        for section in points.sections
    }
    # G0 and G1 open the document and name no match of a fact with a type.
    assert cited | set(CURRENT.liked.sections) == set(SECTIONS) - {"G0", "G1"}


def test_results_turn_into_plain_json() -> None:
    assert plain((Level.OK, frozenset({"b", "a"}), None, 1, {"x": (1,)})) == [
        "ok",
        ["a", "b"],
        None,
        1,
        {"x": [1]},
    ]
    assert record(SECTIONS["G3"]) == {"code": "G3", "heading": "Causes of Back Pain"}
    with pytest.raises(TypeError):
        plain(object())
    with pytest.raises(TypeError):
        record(Level)
