"""The safety rules."""

from typing import Final

from clinic.guidance.rules.kinds import SafetyRule

SAFETY: Final[tuple[SafetyRule, ...]] = ()
