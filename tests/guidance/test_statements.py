"""Every citation of every rule leads to a sentence that says it."""

from collections.abc import Iterator

import pytest

from clinic.guidance.benefits import BENEFITS
from clinic.guidance.knowledge import MODALITIES, SECTIONS
from clinic.guidance.rules import VERSIONS
from clinic.guidance.rules.kinds import RuleSet
from clinic.guidance.statements import STATEMENTS, statements_behind, statements_in

Citation = tuple[str, str, tuple[str, ...]]
"""Rule, type, sections."""


def citations(rule_set: RuleSet) -> Iterator[Citation]:
    """Every citation of a rule set."""
    for rule in (*rule_set.back, *rule_set.preferences):
        yield from ((rule.id, points.modality, points.sections) for points in rule.points if points.sections)
    yield from (("start", points.modality, points.sections) for points in rule_set.starting)
    yield from ((rule_set.liked.id, modality, rule_set.liked.sections) for modality in MODALITIES)
    yield (rule_set.blend.id, rule_set.blend.modality, rule_set.blend.sections)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_citation_of_every_rule_leads_to_a_sentence_about_that_type_or_all(version: str) -> None:
    cited = list(citations(VERSIONS[version]))
    assert len(cited) > 80
    assert [one for one in cited if not statements_behind(*one)] == []


@pytest.mark.parametrize("version", VERSIONS)
def test_every_section_that_a_rule_cites_has_a_sentence_on_it(version: str) -> None:
    silent = [
        (rule, section)
        for rule, _, sections in citations(VERSIONS[version])
        for section in sections
        if not any(rule in said.rules for said in statements_in(section))
    ]
    assert silent == []


def test_no_sentence_names_a_rule_that_cites_another_section() -> None:
    cited = {
        (rule, section)
        for version in VERSIONS.values()
        for rule, _, sections in citations(version)
        for section in sections
    }
    assert [
        (said.anchor, rule)
        for said in STATEMENTS.values()
        for rule in said.rules
        if (rule, said.section) not in cited
    ] == []


def test_every_section_says_something_and_only_known_types_are_named() -> None:
    assert {said.section for said in STATEMENTS.values()} == set(SECTIONS)
    assert {name for said in STATEMENTS.values() for name in said.types} <= set(MODALITIES)
    for modality in MODALITIES.values():
        for section in modality.sections:
            assert any(modality.id in said.types or not said.types for said in statements_in(section))


def test_each_sentence_is_one_that_ends() -> None:
    for said in STATEMENTS.values():
        assert said.text[0].isupper()
        assert said.text.endswith(".")
        assert len(said.text) <= 130


def test_posture_is_spoken_of_where_the_wish_for_it_leads() -> None:
    assert "posture" in statements_behind("E39", "neuromuscular", ("G5", "G2", "G10"))[0].text
    assert statements_behind("E39", "swedish", ("G1",)) == ()


def test_benefits_rest_on_sentences() -> None:
    assert {benefit.anchor for benefit in BENEFITS} <= set(STATEMENTS)
