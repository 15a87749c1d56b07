"""Letters about the health questions: links somebody asked for on purpose, and just now."""

from datetime import datetime

import sqlalchemy as sa

from clinic.intake.guardians import WORTH as GUARDIAN_WORTH
from clinic.intake.models import Draft, GuardianConsent, Submission
from clinic.messaging.due.shape import Rules, never_owed, owed
from clinic.messaging.models import Kind, Message
from clinic.messaging.services import SIGN_IN_WORTH, Owed


def resumed_intakes(rules: Rules, now: datetime) -> list[Owed]:
    """Somebody asked for a link to go on with the health questions."""
    asked = sa.select(
        Draft.id,
        Draft.id.label("recipient_id"),
        Draft.client_id,
        Draft.resume_revision.label("revision"),
        Draft.resume_asked_at.label("asked_at"),
    ).where(
        Draft.resume_asked_at > now - SIGN_IN_WORTH,
        Draft.mail_sealed.is_not(None),
        never_owed(
            Kind.RESUME_INTAKE, Draft.id, Message.occasion == sa.func.concat("r", Draft.resume_revision)
        ),
    )
    return owed(
        Kind.RESUME_INTAKE,
        asked,
        now,
        occasion=lambda row: f"r{row.revision}",
        due_at=lambda row: row.asked_at,
        expires_at=lambda row: row.asked_at + SIGN_IN_WORTH,
    )


def guardians_asked(rules: Rules, now: datetime) -> list[Owed]:
    """Somebody under 18 asked their parent or guardian to agree, or the guardian asked for a fresh link."""
    asked = (
        sa.select(
            GuardianConsent.id,
            GuardianConsent.id.label("recipient_id"),
            Submission.client_id,
            GuardianConsent.asked_revision.label("revision"),
            GuardianConsent.asked_at,
        )
        .join(Submission, Submission.id == GuardianConsent.submission_id)
        .where(
            GuardianConsent.agreed_at.is_(None),
            GuardianConsent.asked_at > now - GUARDIAN_WORTH,
            never_owed(
                Kind.GUARDIAN_CONSENT,
                GuardianConsent.id,
                Message.occasion == sa.func.concat("r", GuardianConsent.asked_revision),
            ),
        )
    )
    return owed(
        Kind.GUARDIAN_CONSENT,
        asked,
        now,
        occasion=lambda row: f"r{row.revision}",
        due_at=lambda row: row.asked_at,
        expires_at=lambda row: row.asked_at + GUARDIAN_WORTH,
    )
