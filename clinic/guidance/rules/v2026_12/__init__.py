"""Rule set 2026.12: single questions, a time frame and a place for every stop, and a safety net for every look first.

It begins with the rules of 2026.11, which stay as they are, and names only what differs: `stops` and `looks` replace or
add rules, `timing` adds how soon and where, `techniques` takes away techniques, `scoring` adds points for goals, findings and a
past reaction together, and `focus` gives a session more of what answers them. The weights are judgement, not measured effects; a
licensed massage therapist and a clinician must review and sign this version before live use.
"""

from dataclasses import replace
from typing import Final

from clinic.guidance.rules.kinds import RuleSet
from clinic.guidance.rules.v2026_11 import RULE_SET as V2026_11
from clinic.guidance.rules.v2026_12.focus import FOCUS
from clinic.guidance.rules.v2026_12.safety_table import SAFETY
from clinic.guidance.rules.v2026_12.scoring import BACK, PREFERENCES

RULE_SET: Final[RuleSet] = replace(
    V2026_11, version="2026.12", safety=SAFETY, back=BACK, preferences=PREFERENCES, focus=FOCUS
)
