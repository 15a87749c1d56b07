"""The two verbs of the guidance, and what they answer: screen for safety first, then suggest.

The engine has no rules of its own: everything it decides stands as data in a rule set. Its results are complete without
the rules, so that a stored explanation can be read years later.
"""

from clinic.guidance.levels import Disposition, HelpPlace, HowSoon, Level, Pressure
from clinic.guidance.matching import suggest
from clinic.guidance.outcome import Exclusion, FiredRule, Minus, NotYetAsked, SafetyOutcome
from clinic.guidance.screening import screen
from clinic.guidance.suggestion import LeftOut, Match, Reason, Suggestion

__all__ = [
    "Disposition",
    "Exclusion",
    "FiredRule",
    "HelpPlace",
    "HowSoon",
    "LeftOut",
    "Level",
    "Match",
    "Minus",
    "NotYetAsked",
    "Pressure",
    "Reason",
    "SafetyOutcome",
    "Suggestion",
    "screen",
    "suggest",
]
