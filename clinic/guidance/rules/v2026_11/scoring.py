"""The scoring rules."""

from typing import Final

from clinic.guidance.rules.kinds import ScoringRule

SCORING: Final[tuple[ScoringRule, ...]] = ()
