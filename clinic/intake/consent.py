"""What clients agree to, word for word: each text has a version, and a consent row keeps version and digest.

A text in use is never edited; a change is a new version beside it.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from clinic import language
from clinic.guidance.questions import QUESTIONS
from clinic.intake.models import Purpose
from clinic.language import N_, gettext
from clinic.language.health_texts import health_text

DRAFTS_KEPT: Final = timedelta(days=14)
"""How long after the last change drafts are kept; the text below says so too."""


@dataclass(frozen=True)
class ConsentText:
    """One text, as paragraphs, for one purpose; None where the consent stands with what it is about."""

    purpose: Purpose | None
    version: str
    paragraphs: tuple[str, ...]

    @property
    def sha256(self) -> bytes:
        """Digest of the text as it was read."""
        return hashlib.sha256("\n\n".join(self.paragraphs).encode()).digest()

    def words(self, spoken: str) -> str:
        """The text as somebody reads it in a language."""
        with language.speaking(spoken):
            said = [(paragraph, gettext(paragraph)) for paragraph in self.paragraphs]
            return "\n\n".join(health_text(text) if text == same else text for same, text in said)


HEALTH_DATA: Final = ConsentText(
    Purpose.HEALTH_DATA,
    "2026-11",
    (
        N_(
            "Your therapist reads your answers. The front desk does not see them, and every reading is recorded."
        ),
        N_("They are kept encrypted and are never sent by e-mail or text message."),
        N_("If you do not finish, your answers are deleted 14 days after your last change."),
        N_(
            "Once you send them, they become part of your record here, for as long as the practice has to keep it."
        ),
        N_("You can withdraw your yes at any time, and ask us to show, correct or delete what we hold."),
    ),
)

TO_DOCTOR: Final = "consent_share_with_clinician"
"""The question whose answer is the consent below, as a key of answers."""
SHARE_WITH_CLINICIAN: Final = ConsentText(
    Purpose.SHARE_WITH_CLINICIAN,
    "2026-11",
    (QUESTIONS[TO_DOCTOR].text,),
)

DOCUMENTS: Final = ConsentText(
    None,
    "2026-11",
    (N_("I agree that my therapist reads this file, and that it is stored encrypted with my answers."),),
)
"""For a letter or report; its version stands on the document."""

GUARDIAN: Final = ConsentText(
    None,
    "2026-11",
    (
        N_("I am a parent or guardian of the young person who gave this address."),
        N_(
            "I agree that they come for massage here, and that a parent or guardian is present at each visit."
        ),
        N_(
            "I agree that their answers about their health are kept for their care, as the privacy page says."
        ),
    ),
)
