"""A hurried "no" to a warning sign hides nothing that another answer says."""

import pytest

from clinic.guidance.cross_checks import CROSS_CHECKS, CrossCheck
from clinic.guidance.engine import screen
from clinic.guidance.facts import Facts
from clinic.guidance.red_flags import RED_FLAGS


def test_every_sign_has_a_cross_check_or_a_reason() -> None:
    assert list(CROSS_CHECKS) == list(RED_FLAGS)


@pytest.mark.parametrize("flag", [flag for flag, check in CROSS_CHECKS.items() if check.rules])
def test_other_answers_speak_although_the_sign_was_answered_with_no(flag: str) -> None:
    check = CROSS_CHECKS[flag]
    facts = Facts.of(check.example)
    assert flag not in facts.many("red_flags")
    assert set(check.rules) <= set(screen(facts).rules)


@pytest.mark.parametrize("wrong", [{}, {"rules": ("R01",)}, {"rules": ("R01",), "why_none": "x"}])
def test_a_row_must_check_or_say_why_not(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="needs rules"):
        CrossCheck(flag="weight_loss", **wrong)  # type: ignore[arg-type]
