"""One version gives one result, however often it is asked; another version may give another."""

import pytest

from clinic.guidance import rules
from clinic.guidance.engine import screen, suggest
from clinic.guidance.facts import Facts
from clinic.guidance.plain import Json
from clinic.guidance.plan import draft
from clinic.guidance.rules.kinds import RuleSet
from tests.guidance.clients import CLIENTS, Client
from tests.guidance.versions import OLDER


@pytest.fixture
def older(monkeypatch: pytest.MonkeyPatch) -> RuleSet:
    """The older version, as if it had once been in use."""
    monkeypatch.setitem(rules.VERSIONS, OLDER.version, OLDER)
    return rules.rule_set(OLDER.version)


def explained(client: Client, rule_set: RuleSet) -> list[Json | None]:
    facts = Facts.of(client.facts)
    outcome = screen(facts, rule_set)
    suggestion = suggest(facts, outcome, rule_set)
    plan = draft(facts, outcome, suggestion) if suggestion else None
    return [one.as_dict() if one else None for one in (outcome, suggestion, plan)]


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_the_same_version_says_the_same_of_a_written_client_again(client: Client, older: RuleSet) -> None:
    for version in (rules.CURRENT.version, older.version):
        said = explained(client, rules.rule_set(version))
        assert said == explained(client, rules.rule_set(version))
        assert said[0] is not None
        assert said[0]["rule_set"] == version


def test_another_version_says_something_else_of_those_its_rules_concern(older: RuleSet) -> None:
    def core(client: Client, rule_set: RuleSet) -> tuple[str, object]:
        facts = Facts.of(client.facts)
        outcome = screen(facts, rule_set)
        suggestion = suggest(facts, outcome, rule_set)
        return outcome.level, suggestion.scores if suggestion else None

    changed = {client.name for client in CLIENTS if core(client, older) != core(client, rules.CURRENT)}
    concerned = {
        client.name
        for client in CLIENTS
        if "anticoagulant" in str(client.facts.get("medications"))
        or "tender_points_refer" in str(client.facts.get("muscle_findings"))
    }
    assert changed
    assert changed <= concerned


def test_a_version_nobody_knows_is_refused() -> None:
    with pytest.raises(rules.UnknownRuleSet):
        rules.rule_set("1999.01")
