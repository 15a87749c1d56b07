"""The review queue, and one review: answers beside the suggestion and its reasons, and the therapist's decision."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import render_template
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts import audit
from clinic.accounts.models import Client, User
from clinic.accounts.permissions import Permission
from clinic.booking.models import State
from clinic.db import db, transaction
from clinic.guidance import own_words
from clinic.guidance.knowledge import MODALITIES
from clinic.guidance.levels import Level
from clinic.intake import documents
from clinic.intake import queries as intake
from clinic.intake.explanation import Explanation
from clinic.plans import courses
from clinic.plans import queries as plans
from clinic.plans.models import DeclineReason, Review
from clinic.plans.rule_book import signatures
from clinic.plans.visit_fit import visit_ahead
from clinic.refusal import NotFound
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.clinical import answers, brief, fit_choices
from clinic.staff.clinical.fit_choices import FitChoices
from clinic.staff.day import LEVEL_FLAGS, practice_zone
from clinic.staff.forms import (
    DECLINE_REASONS,
    REASON_KINDS,
    REASON_LENGTH,
)
from clinic.web.access import audience, staff

WHY = {kind.value: words for kind, words in (*REASON_KINDS, *DECLINE_REASONS)} | {
    DeclineReason.DOCTOR_FIRST.value: "A doctor’s or midwife’s word first",
    DeclineReason.CALL_FIRST.value: "A call first",
}
"""Reasons of a decision, as they were chosen."""
HEADINGS = {
    Level.OK: ("Bookable.", "ok", ""),
    Level.CAUTION: ("Caution, bookable.", "caution", ""),
    Level.THERAPIST_REVIEW: (
        "Look first.",
        "caution",
        "The suggestion is provisional, and the client has seen no types yet.",
    ),
    Level.REFER: (
        "A doctor first.",
        "caution",
        "Choose types only if this has been checked. Your reason then clears these rules for 30 days.",
    ),
    Level.URGENT: (
        "Urgent help was asked for.",
        "urgent",
        "The client was shown the emergency page. Please call, then close this review.",
    ),
}
"""A level's name for staff, the kind of its notice, and what it asks of the therapist."""


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A review with what its pages show; the access is recorded."""

    review: Review
    client: Client
    explained: Explanation

    def zone(self, now: datetime) -> str:
        """The zone in which its times read: the visit's, else the practice's."""
        visit = self.review.appointment
        return visit.zone if visit is not None else practice_zone(now)

    @property
    def is_request(self) -> bool:
        """Whether the visit waits for this decision."""
        visit = self.review.appointment
        return visit is not None and visit.state == State.REQUESTED

    @property
    def may_accept(self) -> bool:
        """Whether there is something to accept: a suggestion, or a short form that needs none."""
        if self.explained.level is Level.URGENT:
            return False
        return bool(self.explained.suggested) or self.explained.is_short

    @property
    def may_choose(self) -> bool:
        """Whether other types can be chosen."""
        return not self.explained.is_short and self.explained.level is not Level.URGENT

    @property
    def may_decline(self) -> bool:
        """Whether the review can end without a plan: its visit is a request or does not take place."""
        visit = self.review.appointment
        return visit is None or visit.state not in (State.BOOKED, State.ARRIVED, State.DONE)

    def tells_of_call(self, now: datetime) -> bool:
        """Whether the client can be told that we call: they have a telephone, and their visit is ahead."""
        visit = self.review.appointment
        return (
            not self.review.tells_client
            and visit is not None
            and visit.state in (State.REQUESTED, State.BOOKED)
            and visit.starts_at > now
            and brief.phone_of(self.client) is not None
        )

    @property
    def accept_needs_reason(self) -> bool:
        """Whether accepting also clears what stopped the booking."""
        return self.explained.level is Level.REFER


@blueprint.get("/reviews", endpoint="reviews")
@audience(staff, Permission.REVIEW_DECIDE)
def queue() -> ResponseReturnValue:
    """What waits for the signed-in therapist, by the start of the visit."""
    now = clock.now()
    user = desk.user()
    with transaction():
        return render_template(
            "staff/clinical/reviews.html",
            here="reviews",
            queue=waiting(user, now),
            requests=plans.plain_requests(user.id),
            level_flags=LEVEL_FLAGS,
            zone=practice_zone(now),
            unsigned_rules=signatures.unsigned_sentence(),
        )


def waiting(user: User, now: datetime) -> list[plans.WaitingReview]:
    """A therapist's queue, by the start of the visit; reading its levels is recorded, and the caller commits."""
    found = plans.queue(user.id, now)
    for entry in found:
        record_read(user, entry.review, fields=("level",), purpose="review queue")
    return found


@blueprint.get("/reviews/<uuid:review_id>", endpoint="review")
@audience(staff, Permission.REVIEW_DECIDE)
def review(review_id: UUID) -> ResponseReturnValue:
    """One review: answers, suggestion with reasons, what was left out, draft course, decision."""
    now = clock.now()
    user = desk.user()
    with transaction():
        opened = open_review(review_id, user)
        submission, fired = opened.review.submission, opened.explained.fired
        given = submission.answers
        read = answers.read_panels(given, brief.rules_by_answer(fired), submission.as_group or ())
        words = own_words.told(intake.answers_judged(submission))
        since = answers.added_since(submission, now)
        fields = {*read.fields, *(["own_words"] if words else []), *(since.fields if since else ())}
        record_read(user, opened.review, fields=sorted(fields), purpose="review")
        in_queue = [entry.review.id for entry in plans.queue(user.id, now)]
        decided = opened.review
        return render_template(
            "staff/clinical/review.html",
            here="reviews",
            opened=opened,
            review=opened.review,
            client=opened.client,
            visit=opened.review.appointment,
            explained=opened.explained,
            heading=HEADINGS[opened.explained.level],
            read=read,
            since=since,
            words=words,
            documents=documents.of_client(opened.client.id),
            position=in_queue.index(review_id) + 1 if review_id in in_queue else None,
            waiting_count=len(in_queue),
            level_flag=LEVEL_FLAGS.get(opened.explained.level),
            zone=opened.zone(now),
            is_first=_is_first(opened),
            decided_by=db.session.get(User, decided.decided_by_id) if decided.decided_by_id else None,
            chosen=[MODALITIES[m].name for m in (decided.chosen or {}).get("modalities", ())],
            set_aside=(decided.chosen or {}).get("set_aside", ()),
            why=WHY.get(decided.reason_kind or ""),
            plan=courses.plan_of(opened.client.id),
            names={modality.id: modality.name for modality in MODALITIES.values()},
            brief=brief.Brief.of(opened.client, opened.review.appointment, given, fired, opened.explained),
            fits=fits_of(opened, now),
            whys={fired.rule: fired.why for fired in opened.explained.fired},
            named=fit_choices.named,
            reason_length=REASON_LENGTH,
            described=fit_choices.described,
        )


def fits_of(opened: Opened, now: datetime, *, is_choice: bool = False) -> FitChoices:
    """What speaks against the visit under review, and what it can become; nothing once it is decided.

    Without an objection there are alternatives only with `is_choice`, for a page on which one is chosen.
    """
    if opened.review.decided_at is not None or opened.explained.level is Level.URGENT:
        return FitChoices()
    return FitChoices.of(
        visit_ahead(opened.review, now), opened.explained.suggested, now, is_choice=is_choice
    )


def _is_first(opened: Opened) -> bool:
    visit = opened.review.appointment
    return visit is not None and plans.is_first_visit(visit)


def open_review(review_id: UUID, user: User) -> Opened:
    """The review with its explanation; raises NotFound also if this person may not see it."""
    review = db.session.get(Review, review_id)
    if review is None:
        raise NotFound
    desk.require_own(review.client_id, clock.now())
    client = db.session.get(Client, review.client_id)
    if client is None or client.erased_at is not None:
        raise NotFound
    return Opened(review=review, client=client, explained=Explanation.of(review.outcome))


def record_read(user: User, review: Review, *, fields: Sequence[str], purpose: str) -> None:
    audit.record(
        audit.by_user(user.id),
        "read",
        review,
        client_id=review.client_id,
        purpose=purpose,
        fields=fields,
        now=clock.now(),
    )
