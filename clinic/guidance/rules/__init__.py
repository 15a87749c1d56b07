"""Rule sets: all safety and scoring rules as data, one package for each dated version.

A version in use is never edited; a change is a new package beside it. Stored outcomes name the version they were
made with, and are complete without it.
"""

from typing import Final

from clinic.guidance.rules.kinds import RuleSet
from clinic.guidance.rules.v2026_11 import RULE_SET as V2026_11
from clinic.guidance.rules.v2026_12 import RULE_SET as V2026_12


class UnknownRuleSet(LookupError):
    """There is no rule set of this version."""


CURRENT: Final = V2026_12
VERSIONS: Final = {rules.version: rules for rules in (V2026_11, V2026_12)}
"""Every version that was ever in use."""


def rule_set(version: str) -> RuleSet:
    """The rule set of this version, however old. Raises UnknownRuleSet."""
    try:
        return VERSIONS[version]
    except KeyError:
        raise UnknownRuleSet(version) from None
