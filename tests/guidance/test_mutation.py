"""No small change of a rule goes unnoticed."""

import pytest

from clinic.guidance.rules import VERSIONS
from tests.guidance import mutation


@pytest.mark.parametrize("version", VERSIONS)
def test_every_small_change_of_a_rule_is_noticed_by_a_case_or_a_client(version: str) -> None:
    count, left = mutation.survivors(VERSIONS[version])
    assert [f"{mutant.rule}: {mutant.change}" for mutant in left] == []
    assert count > 2000
