"""No small change of a rule goes unnoticed."""

from tests.guidance import mutation


def test_every_small_change_of_a_rule_is_noticed_by_a_case_or_a_client() -> None:
    count, left = mutation.survivors()
    assert [f"{mutant.rule}: {mutant.change}" for mutant in left] == []
    assert count > 2000
