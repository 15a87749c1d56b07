"""The review queue, and one review: answers beside the suggestion and its reasons, and the therapist's decision."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts import audit
from clinic.accounts.models import Client, User
from clinic.accounts.permissions import Permission
from clinic.booking.models import State
from clinic.booking.placing import NotOffered
from clinic.booking.suitability import NotSuitable, SafetyReasonNeeded
from clinic.db import db, transaction
from clinic.guidance import own_words
from clinic.guidance.knowledge import MODALITIES
from clinic.guidance.levels import Level
from clinic.intake import documents
from clinic.intake import queries as intake
from clinic.intake.explanation import Explanation
from clinic.plans import courses, services
from clinic.plans import queries as plans
from clinic.plans.models import Decision, DeclineReason, ReasonKind, Review
from clinic.plans.rule_book import signatures
from clinic.plans.visit_fit import visit_ahead
from clinic.practice.queries import the_practice
from clinic.refusal import NotFound, Stale
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.clinical import answers, brief, fit_choices
from clinic.staff.clinical.fit_choices import FitChoices
from clinic.staff.day import LEVEL_FLAGS, practice_zone
from clinic.staff.forms import (
    DECLINE_REASONS,
    REASON_KINDS,
    TYPES,
    AcceptForm,
    ChooseForm,
    ClearingForm,
    DecisionForm,
    DeclineForm,
    DepartForm,
)
from clinic.web.access import audience, staff

WHY = {kind.value: words for kind, words in (*REASON_KINDS, *DECLINE_REASONS)}
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
        )


def waiting(user: User, now: datetime) -> list[plans.WaitingReview]:
    """A therapist's queue, by the start of the visit; reading its levels is recorded, and the caller commits."""
    found = plans.queue(user.id, now)
    for entry in found:
        _record(user, entry.review, fields=("level",), purpose="review queue")
    return found


@blueprint.get("/reviews/<uuid:review_id>", endpoint="review")
@audience(staff, Permission.REVIEW_DECIDE)
def review(review_id: UUID) -> ResponseReturnValue:
    """One review: answers, suggestion with reasons, what was left out, draft course, decision."""
    now = clock.now()
    user = desk.user()
    with transaction():
        opened = _open(review_id, user)
        submission, fired = opened.review.submission, opened.explained.fired
        given = submission.answers
        read = answers.read_panels(given, brief.rules_by_answer(fired), submission.as_group or ())
        words = own_words.told(intake.answers_judged(submission))
        since = answers.added_since(submission, now)
        fields = {*read.fields, *(["own_words"] if words else []), *(since.fields if since else ())}
        _record(user, opened.review, fields=sorted(fields), purpose="review")
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
            unsigned_rules=signatures.unsigned_sentence(),
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
            described=fit_choices.described,
        )


def fits_of(opened: Opened, now: datetime) -> FitChoices:
    """What speaks against the visit under review, and what it can become; nothing once it is decided."""
    if opened.review.decided_at is not None or opened.explained.level is Level.URGENT:
        return FitChoices()
    return FitChoices.of(visit_ahead(opened.review, now), opened.explained.suggested, now)


def _is_first(opened: Opened) -> bool:
    visit = opened.review.appointment
    return visit is not None and plans.is_first_visit(visit)


@blueprint.route("/reviews/<uuid:review_id>/accept", endpoint="accept", methods=["GET", "POST"])
@audience(staff, Permission.REVIEW_DECIDE)
def accept(review_id: UUID) -> ResponseReturnValue:
    """Accept the suggestion unchanged."""
    return _decision_page(review_id, AcceptForm, Decision.ACCEPT, lambda opened: opened.may_accept)


@blueprint.route("/reviews/<uuid:review_id>/change", endpoint="change", methods=["GET", "POST"])
@audience(staff, Permission.REVIEW_DECIDE)
def change(review_id: UUID) -> ResponseReturnValue:
    """Take the suggested types in another order, or only some of them."""
    return _decision_page(
        review_id,
        ChooseForm,
        Decision.CHANGE,
        lambda opened: opened.may_choose and bool(opened.explained.suggested),
    )


@blueprint.route("/reviews/<uuid:review_id>/replace", endpoint="replace", methods=["GET", "POST"])
@audience(staff, Permission.REVIEW_DECIDE)
def replace(review_id: UUID) -> ResponseReturnValue:
    """Choose other types; an excluded one only with its safety rule named and set aside."""
    return _decision_page(review_id, ChooseForm, Decision.REPLACE, lambda opened: opened.may_choose)


@blueprint.route("/reviews/<uuid:review_id>/decline", endpoint="decline_review", methods=["GET", "POST"])
@audience(staff, Permission.REVIEW_DECIDE)
def decline(review_id: UUID) -> ResponseReturnValue:
    """Decline the request, or close a review whose visit does not take place."""
    return _decision_page(review_id, DeclineForm, Decision.DECLINE, lambda opened: opened.may_decline)


def _decision_page(
    review_id: UUID,
    form_type: type[DecisionForm],
    decision: Decision,
    is_open: Callable[[Opened], bool],
) -> ResponseReturnValue:
    """The form of one decision: shown, refused without losing what was typed, or carried out."""
    user = desk.user()
    with transaction():
        opened = _open(review_id, user)
        _record(user, opened.review, fields=("rules", "suggestion"), purpose="review")
    was_request, who = opened.is_request, opened.client.first_name
    if opened.review.decided_at is not None or not is_open(opened):
        if request.method == "POST" and request.form.get("reason"):
            raise Stale
        return redirect(url_for("staff.review", review_id=review_id), 303)
    fits = fits_of(opened, clock.now()) if decision is not Decision.DECLINE else FitChoices()
    form, is_stale = _form(form_type, opened, decision, fits), False
    if form.validate_on_submit():
        try:
            problem = _carry_out(opened.review, form, decision, fits, user)
        except Stale as refusal:
            if opened.review.decided_at is not None:
                raise
            # The page shows the review's present state, so that sending it again works.
            form.revision.data, problem = str(opened.review.revision), refusal.sentence
            is_stale = True
        if problem is None:
            desk.say(_said(decision, who, was_request=was_request))
            return redirect(url_for("staff.reviews"), 303)
        form.form_errors.append(problem)
    status = 409 if is_stale else 400 if form.has_errors else 200
    return (
        render_template(
            "staff/clinical/decision.html",
            here="reviews",
            opened=opened,
            review=opened.review,
            client=opened.client,
            explained=opened.explained,
            heading=HEADINGS[opened.explained.level],
            decision=decision,
            form=form,
            fits=fits,
            named=fit_choices.named,
            has_errors=form.has_errors,
        ),
        status,
    )


def _form(
    form_type: type[DecisionForm], opened: Opened, decision: Decision, fits: FitChoices
) -> DecisionForm:
    form = form_type()
    if isinstance(form, ClearingForm):
        form.becomes.choices = fits.becomes(the_practice().currency) if fits.objections else []
        form.waived.choices = fits.waived()
        if request.method == "GET":
            form.becomes.data = fits.best.fit.code if fits.best else None
    if isinstance(form, ChooseForm):
        names = dict(TYPES)
        if decision is Decision.CHANGE:
            form.offer([(m, names[m]) for m in opened.explained.suggested], ())
        else:
            form.offer(TYPES, _rules(opened.explained))
    if request.method == "GET":
        form.revision.data = str(opened.review.revision)
        if isinstance(form, ChooseForm):
            form.first.data, form.second.data, form.third.data = (*opened.explained.suggested, "", "", "")[:3]
    return form


def _rules(explained: Explanation) -> list[tuple[str, str]]:
    """Safety rules that leave out types, each with the types it leaves out."""
    names = dict(TYPES)
    why = {fired.rule: fired.why for fired in explained.fired}
    found: dict[str, list[str]] = {}
    for modality, rules in explained.exclusions.items():
        for rule in rules:
            found.setdefault(rule, []).append(names[modality])
    return [
        (rule, f"{rule}: {why.get(rule, '')}. It leaves out: {', '.join(left)}.")
        for rule, left in found.items()
    ]


def _carry_out(
    review: Review, form: DecisionForm, decision: Decision, fits: FitChoices, user: User
) -> str | None:
    """Decide; returns the sentence of a refusal that the form can show."""
    chosen = form if isinstance(form, ChooseForm) else None
    clearing = form if isinstance(form, ClearingForm) else None
    try:
        with transaction():
            services.decide(
                review,
                decision=decision,
                modalities=chosen.modalities if chosen else (),
                reason_kind=_reason_kind(form),
                reason=form.reason.data or "",
                confirmed_rules=(chosen.set_aside.data or ()) if chosen else (),
                waived=fits.keys(clearing.waived.data or ()) if clearing else (),
                becomes=fit_choices.chosen_fit(clearing.becomes.data) if clearing else None,
                clears=bool(clearing.clears.data) if clearing else False,
                revision=form.seen,
                by=user,
                now=clock.now(),
            )
    except services.RuleNotConfirmed as refusal:
        return _name_rules(refusal)
    except NotSuitable as refusal:
        return _name_objections(refusal)
    except (
        services.DecisionReasonNeeded,
        services.NotThisType,
        SafetyReasonNeeded,
        NotOffered,
    ) as refusal:
        return refusal.sentence
    return None


def _reason_kind(form: DecisionForm) -> ReasonKind | DeclineReason | None:
    if isinstance(form, DeclineForm):
        return DeclineReason(form.reason_kind.data)
    return ReasonKind(form.reason_kind.data) if isinstance(form, DepartForm) else None


def _name_objections(refusal: NotSuitable) -> str:
    against = " ".join(fit_choices.named(one) for one in refusal.objections)
    return f"{against} Choose what the visit becomes, or tick what you set aside and say why."


def _name_rules(refusal: services.RuleNotConfirmed) -> str:
    names = dict(TYPES)
    parts = [
        f"{names[modality]} is left out by {' and '.join(rules)}" for modality, rules in refusal.rules.items()
    ]
    return f"{'; '.join(parts)}. Tick the rule to set it aside, or choose another type."


def _said(decision: Decision, who: str, *, was_request: bool) -> str:
    if decision is Decision.DECLINE:
        return f"Declined. A letter tells {who}." if was_request else f"Closed: the review of {who}."
    return f"Decided for {who}, and the visit is confirmed." if was_request else f"Decided for {who}."


def _open(review_id: UUID, user: User) -> Opened:
    """The review with its explanation; raises NotFound also if this person may not see it."""
    review = db.session.get(Review, review_id)
    if review is None:
        raise NotFound
    desk.require_own(review.client_id, clock.now())
    client = db.session.get(Client, review.client_id)
    if client is None or client.erased_at is not None:
        raise NotFound
    return Opened(review=review, client=client, explained=Explanation.of(review.outcome))


def _record(user: User, review: Review, *, fields: Sequence[str], purpose: str) -> None:
    audit.record(
        audit.by_user(user.id),
        "read",
        review,
        client_id=review.client_id,
        purpose=purpose,
        fields=fields,
        now=clock.now(),
    )
