"""The versions of a client's answers, and what changed from one to the next. The caller records what it reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from clinic.db import db
from clinic.intake.models import Submission, SubmissionKind

MOST = 50
"""How many versions are offered, the newest first."""


@dataclass(frozen=True, kw_only=True)
class AnswerVersion:
    """One version with what stood before it; `earlier` are the submissions that this was read from."""

    submission: Submission
    earlier: Sequence[Submission]
    before: Mapping[str, Any]

    @property
    def changed(self) -> tuple[str, ...]:
        """Names of answers that this version gives otherwise than what stood before; none for a first version."""
        if not self.earlier:
            return ()
        answers = self.submission.answers
        return tuple(name for name, value in answers.items() if value != self.before.get(name))

    @property
    def no_longer(self) -> tuple[str, ...]:
        """Names of answers that stood before and that a whole new form does not give."""
        if not self.earlier or self.submission.kind != SubmissionKind.FULL:
            return ()
        answers = self.submission.answers
        return tuple(
            name for name, value in self.before.items() if value is not None and answers.get(name) is None
        )


def sent_by(client_id: UUID) -> Sequence[Submission]:
    """What a client has sent, the newest first, with its outcome. One statement."""
    return db.session.scalars(
        sa.select(Submission)
        .join(Submission.outcome)
        .options(contains_eager(Submission.outcome))
        .where(Submission.client_id == client_id)
        .order_by(Submission.submitted_at.desc(), Submission.id.desc())
        .limit(MOST)
    ).all()


def version(sent: Sequence[Submission], index: int) -> AnswerVersion:
    """The version at this place of `sent_by`, beside the last full form before it and the short forms since."""
    earlier: list[Submission] = []
    for one in sent[index + 1 :]:
        earlier.append(one)
        if one.kind == SubmissionKind.FULL:
            break
    before: dict[str, Any] = {}
    for one in reversed(earlier):
        before |= one.answers
    return AnswerVersion(submission=sent[index], earlier=earlier, before=before)
