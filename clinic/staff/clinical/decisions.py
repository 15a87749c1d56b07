"""Deciding a review: accept, change, replace, decline, a doctor's word first; and calling before any of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts.models import User
from clinic.accounts.permissions import Permission
from clinic.booking.models import State
from clinic.booking.placing import NotOffered
from clinic.booking.suitability import NotSuitable, SafetyReasonNeeded
from clinic.db import transaction
from clinic.guidance.knowledge import MODALITIES
from clinic.intake.explanation import Explanation
from clinic.plans import queries as plans
from clinic.plans import services
from clinic.plans.courses import NotThisCourse
from clinic.plans.models import Decision, DeclineReason, ReasonKind, Review
from clinic.practice.queries import the_practice
from clinic.refusal import Stale
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.clinical import fit_choices, reviews
from clinic.staff.clinical.fit_choices import KEEP, FitChoices
from clinic.staff.forms import (
    REASON_LENGTH,
    TYPES,
    AcceptForm,
    CallForm,
    ChooseForm,
    ClearingForm,
    DecisionForm,
    DeclineForm,
    DepartForm,
    DoctorFirstForm,
)
from clinic.web.access import audience, staff


@blueprint.route("/reviews/<uuid:review_id>/accept", endpoint="accept", methods=["GET", "POST"])
@audience(staff, Permission.REVIEW_DECIDE)
def accept(review_id: UUID) -> ResponseReturnValue:
    """Accept the suggestion unchanged."""
    return _decision_page(review_id, AcceptForm, Decision.ACCEPT, lambda opened: opened.may_accept)


@blueprint.route("/reviews/<uuid:review_id>/change", endpoint="change", methods=["GET", "POST"])
@audience(staff, Permission.REVIEW_DECIDE)
def change(review_id: UUID) -> ResponseReturnValue:
    """Take other types, or those suggested in another order; one left out only with its safety rule named and set aside."""
    return _decision_page(review_id, ChooseForm, Decision.CHANGE, lambda opened: opened.may_choose)


@blueprint.route("/reviews/<uuid:review_id>/doctor-first", endpoint="doctor_first", methods=["GET", "POST"])
@audience(staff, Permission.REVIEW_DECIDE)
def doctor_first(review_id: UUID) -> ResponseReturnValue:
    """Ask for a doctor's or midwife's word first: the request ends, and the page of the visit can say why."""
    return _decision_page(review_id, DoctorFirstForm, Decision.DECLINE, lambda opened: opened.may_decline)


@blueprint.post("/reviews/<uuid:review_id>/call-first", endpoint="call_first")
@audience(staff, Permission.REVIEW_DECIDE)
def call_first(review_id: UUID) -> ResponseReturnValue:
    """Call the client before deciding: a task until the review is decided."""
    with _calling(review_id) as (opened, form, by, now):
        services.call_first(opened.review, revision=form.seen, by=by, now=now)
    desk.say(
        f"To call: {opened.client.first_name}. It stands among your tasks.",
        undo=url_for("staff.need_no_call", review_id=review_id),
        fields={"revision": str(opened.review.revision)},
    )
    return _back_to(review_id)


@blueprint.post("/reviews/<uuid:review_id>/tell-of-call", endpoint="tell_of_call")
@audience(staff, Permission.REVIEW_DECIDE)
def tell_of_call(review_id: UUID) -> ResponseReturnValue:
    """Tell the client that we call; only somebody who can be called is told."""
    with _calling(review_id) as (opened, form, by, now):
        if not opened.tells_of_call(now):
            raise Stale
        services.tell_of_call(opened.review, revision=form.seen, by=by, now=now)
    desk.say(f"A letter tells {opened.client.first_name} that you call.")
    return _back_to(review_id)


@blueprint.post("/reviews/<uuid:review_id>/no-call", endpoint="need_no_call")
@audience(staff, Permission.REVIEW_DECIDE)
def need_no_call(review_id: UUID) -> ResponseReturnValue:
    """No call is needed after all."""
    with _calling(review_id) as (opened, form, by, now):
        services.end_call(opened.review, reached=False, revision=form.seen, by=by, now=now)
    desk.say("No call is needed any more.")
    return _back_to(review_id)


@blueprint.post("/reviews/<uuid:review_id>/reached", endpoint="reached")
@audience(staff, Permission.REVIEW_DECIDE)
def reached(review_id: UUID) -> ResponseReturnValue:
    """The client was reached: what they said is kept with the review, and the decision follows."""
    with _calling(review_id) as (opened, form, by, now):
        words = form.words.data or ""
        services.end_call(opened.review, reached=True, words=words, revision=form.seen, by=by, now=now)
    desk.say("The call is done. Decide when you are ready.")
    return _back_to(review_id)


@blueprint.post("/reviews/<uuid:review_id>/not-reached", endpoint="not_reached")
@audience(staff, Permission.REVIEW_DECIDE)
def not_reached(review_id: UUID) -> ResponseReturnValue:
    """Nobody answered: the call stays a task, with the time of this try."""
    with _calling(review_id) as (opened, form, by, now):
        services.not_reached(opened.review, revision=form.seen, by=by, now=now)
    desk.say("Noted: not reached. The call stays among your tasks.")
    return _back_to(review_id)


@contextmanager
def _calling(review_id: UUID) -> Iterator[tuple[reviews.Opened, CallForm, User, datetime]]:
    """One act of a call, in a transaction: the review, what was sent, who does it and when."""
    user, form = desk.user(), CallForm()
    form.words.data = (form.words.data or "").strip()[:REASON_LENGTH]
    with transaction():
        yield reviews.open_review(review_id, user), form, user, clock.now()


def _back_to(review_id: UUID) -> ResponseReturnValue:
    return redirect(url_for("staff.review", review_id=review_id), 303)


@blueprint.route("/reviews/<uuid:review_id>/decline", endpoint="decline_review", methods=["GET", "POST"])
@audience(staff, Permission.REVIEW_DECIDE)
def decline(review_id: UUID) -> ResponseReturnValue:
    """Decline the request, or close a review whose visit does not take place."""
    return _decision_page(review_id, DeclineForm, Decision.DECLINE, lambda opened: opened.may_decline)


def _decision_page(
    review_id: UUID,
    form_type: type[DecisionForm],
    decision: Decision,
    is_open: Callable[[reviews.Opened], bool],
) -> ResponseReturnValue:
    """The form of one decision: shown, refused without losing what was typed, or carried out."""
    user = desk.user()
    with transaction():
        opened = reviews.open_review(review_id, user)
        reviews.record_read(user, opened.review, fields=("rules", "suggestion"), purpose="review")
    was_request = opened.is_request
    if opened.review.decided_at is not None or not is_open(opened):
        if request.method == "POST" and request.form.get("reason"):
            raise Stale
        return redirect(url_for("staff.review", review_id=review_id), 303)
    fits = FitChoices()
    if decision is not Decision.DECLINE:
        is_choice = issubclass(form_type, ChooseForm)
        fits = reviews.fits_of(opened, clock.now(), is_choice=is_choice)
    form, is_stale = _form(form_type, opened, decision, fits), False
    asks_to_keep = False
    if form.validate_on_submit():
        asks_to_keep = _gives_another_type(opened, form, fits)
        try:
            problem = DIFFERS if asks_to_keep else _carry_out(opened.review, form, decision, fits, user)
        except Stale as refusal:
            if opened.review.decided_at is not None:
                raise
            # The page shows the review's present state, so that sending it again works.
            form.revision.data, problem = str(opened.review.revision), refusal.sentence
            is_stale = True
        if problem is None:
            _say(form, decision, opened, was_request=was_request)
            return redirect(_next_address(user), 303)
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
            heading=reviews.HEADINGS[opened.explained.level],
            decision=decision,
            asks_to_keep=asks_to_keep,
            is_doctor_first=isinstance(form, DoctorFirstForm),
            form=form,
            fits=fits,
            named=fit_choices.named,
            has_errors=form.has_errors,
        ),
        status,
    )


def _say(form: DecisionForm, decision: Decision, opened: reviews.Opened, *, was_request: bool) -> None:
    """Say what was decided; what is declined can be taken back."""
    sentence = _said(form, decision, opened, was_request=was_request)
    if decision is not Decision.DECLINE:
        return desk.say(sentence)
    back = url_for("staff.take_back_decision", review_id=opened.review.id)
    return desk.say(sentence, undo=back, fields={"revision": str(opened.review.revision)})


@blueprint.post("/reviews/<uuid:review_id>/take-back", endpoint="take_back_decision")
@audience(staff, Permission.REVIEW_DECIDE)
def take_back(review_id: UUID) -> ResponseReturnValue:
    """Take back that a review was declined, within two minutes and before any letter."""
    user = desk.user()
    with transaction():
        opened = reviews.open_review(review_id, user)
        services.take_back(opened.review, revision=desk.sent_revision(), by=user, now=clock.now())
    desk.say("Taken back: it waits for a decision again.")
    return _back_to(review_id)


DIFFERS = (
    "The visit would be given as another type than you chose. Choose what it becomes, or tick that it stays."
)


def _gives_another_type(opened: reviews.Opened, form: DecisionForm, fits: FitChoices) -> bool:
    """Whether the visit would become one of a type that was not chosen, or stay one without the therapist having said so."""
    visit = opened.review.appointment
    if not isinstance(form, ChooseForm) or visit is None or not fits.alternatives or visit.therapist_decides:
        return False
    if not opened.explained.rules_against(form.modalities) <= set(form.set_aside.data or ()):
        return False  # What safety leaves out is refused first.
    becomes = fit_choices.chosen_fit(form.becomes.data)
    given = next((one.treatment for one in fits.alternatives if one.fit == becomes), visit.treatment)
    is_other = not set(given.modalities) & set(form.modalities)
    return is_other and (becomes is not None or not form.keeps.data)


def _next_address(user: User) -> str:
    """The review that waits next, those that wait for a call last; the list if none is left."""
    queue = sorted(
        plans.queue(user.id, clock.now()), key=lambda entry: entry.review.call_first_at is not None
    )
    return url_for("staff.review", review_id=queue[0].review.id) if queue else url_for("staff.reviews")


def _form(
    form_type: type[DecisionForm], opened: reviews.Opened, decision: Decision, fits: FitChoices
) -> DecisionForm:
    form = form_type()
    if isinstance(form, ClearingForm):
        form.becomes.choices = fits.becomes(the_practice().currency)
        form.waived.choices = fits.waived()
        if request.method == "GET":
            form.becomes.data = fits.best.fit.code if fits.best else KEEP
    if isinstance(form, ChooseForm):
        form.offer(_types(opened.explained), _rules(opened.explained))
        form.offer_course(opened.explained)
    if request.method == "GET":
        form.revision.data = str(opened.review.revision)
        if isinstance(form, ChooseForm):
            form.first.data, form.second.data, form.third.data = (*opened.explained.suggested, "", "", "")[:3]
            form.show_course(opened.explained)
    return form


def _types(explained: Explanation) -> list[tuple[str, str]]:
    """The guidance's types: those suggested first, those that safety leaves out last and named so."""
    names = dict(TYPES)
    left_out = [modality for modality in names if modality in explained.exclusions]
    others = [modality for modality in names if modality not in (*explained.suggested, *left_out)]
    return [
        *((modality, names[modality]) for modality in (*explained.suggested, *others)),
        *((modality, f"{names[modality]}: left out") for modality in left_out),
    ]


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
    explained = Explanation.of(review.outcome)
    if chosen and not set(chosen.modalities) <= set(explained.suggested):
        decision = Decision.REPLACE
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
                changes=chosen.changes(explained) if chosen else None,
                tells_client=isinstance(form, DoctorFirstForm) and bool(form.tells.data),
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
        NotThisCourse,
        SafetyReasonNeeded,
        NotOffered,
    ) as refusal:
        return refusal.sentence
    return None


def _reason_kind(form: DecisionForm) -> ReasonKind | DeclineReason | None:
    if isinstance(form, DoctorFirstForm):
        return DeclineReason.DOCTOR_FIRST
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


def _said(form: DecisionForm, decision: Decision, opened: reviews.Opened, *, was_request: bool) -> str:
    who, visit = opened.client.first_name, opened.review.appointment
    if isinstance(form, DoctorFirstForm):
        return f"A doctor’s word first: {who}." + (" A letter tells them." if was_request else "")
    if decision is Decision.DECLINE:
        return f"Declined. A letter tells {who}." if was_request else f"Closed: the review of {who}."
    types = ", then ".join(MODALITIES[one].name for one in (opened.review.chosen or {}).get("modalities", ()))
    decided = f"Decided for {who}{': ' + types if types else ''}."
    if visit is None or visit.state != State.BOOKED:
        return decided
    now_is = f"{visit.treatment.name}, {visit.length_minutes} min"
    return f"{decided} {'A letter says that the visit is confirmed' if was_request else 'The visit is'}: {now_is}."
