"""The intake: consent first, then one question or small group per page, a review of all answers, and submitting.

No answer is put into a URL, a log or an error. Pages work without scripts; a page that is not reached yet redirects to
the one that is.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from wtforms import RadioField, StringField
from wtforms.validators import InputRequired, Optional

from clinic import clock
from clinic.accounts import audit, limits
from clinic.accounts import services as accounts
from clinic.booking import queries as appointments
from clinic.booking import safety
from clinic.db import transaction
from clinic.guidance import questionnaire
from clinic.guidance.levels import Level
from clinic.guidance.questions import CONSENT_QUESTION, QUESTIONS, QuestionPage
from clinic.intake import consent, drafts, path, queries, returning
from clinic.intake import services as intake
from clinic.intake.assessment import so_far
from clinic.intake.models import Door, Draft, Outcome
from clinic.language import N_
from clinic.plans import scores
from clinic.plans import services as plans
from clinic.practice import queries as practice
from clinic.public import answers as written
from clinic.public import extend_reservation, question_time
from clinic.public.standing_answers import door_here, earlier, lacking, next_visit_here, reservation_here
from clinic.refusal import NotFound, Refusal
from clinic.web import access, question_fields
from clinic.web.access import anyone, audience
from clinic.web.browser import browser, keep_typed, known_browser, typed
from clinic.web.forms import Form
from clinic.web.signed_in_client import signed_in_client_id

blueprint = Blueprint("intake", __name__, url_prefix="/intake")

UNPROCESSABLE = 422
ALL_ANEW = N_("Something has changed since you last answered, so we ask everything once more.")
CORRECTED = N_("Thank you. Your therapist reads your new answers. Your visits stay as they are.")
CHANGES = "yes"
"""In the URL of a page from the list of answers. Pages that it asks further carry its name instead, to come back to its entry."""
SAID_NO = "plain"
"""In the visitor's own cookie: they prefer not to answer, and request a time without health answers."""


class BeginForm(Form):
    """Page 0: consent to storing answers, and where to send a link for continuing later."""

    consent_health_data = RadioField(
        CONSENT_QUESTION.text,
        choices=[(option.code, option.label) for option in CONSENT_QUESTION.options],
        description=CONSENT_QUESTION.help,
        validators=[InputRequired(CONSENT_QUESTION.blank)],
    )
    mail = StringField(
        N_("E-mail address"),
        description=N_("To go on later."),
        validators=[Optional()],
        render_kw={"autocomplete": "email", "type": "email", "inputmode": "email"},
    )


class AddressNotProven(Refusal):
    """This draft holds what a client told us before, and nobody here has proven that client's address."""

    status = 403
    code = "address-not-proven"
    sentence = N_("Please sign in to go on with your answers.")


@blueprint.errorhandler(AddressNotProven)
def not_proven(_refusal: AddressNotProven) -> ResponseReturnValue:
    """The draft is opened by signing in."""
    return redirect(url_for("portal.sign_in", next=url_for("intake.begin")), 303)


@blueprint.errorhandler(drafts.NoDraft)
def without_draft(_refusal: drafts.NoDraft) -> ResponseReturnValue:
    """There is no draft here: redirect to the submitted answers, or to the beginning."""
    sent = queries.newest_full(browser=known_browser(), client_id=signed_in_client_id(), now=clock.now())
    return redirect(url_for("outcome.show" if sent else "intake.begin"), 303)


@blueprint.get("")
@audience(anyone)
def begin() -> ResponseReturnValue:
    """Who sees the answers, how long they are stored, and the consent; or the way back to a draft, or to what is known."""
    now = clock.now()
    reservation, draft = reservation_here(now), queries.draft(known_browser(), now)
    known = earlier(now)
    if draft is not None:
        return render_template(
            "public/intake/under_way.html",
            go_on=way_on(draft),
            reservation=reservation,
            is_known=known is not None and draft.client_id is None,
        )
    if reservation is not None and (found := lacking(reservation, now)) is not None:
        return render_template("public/intake/more.html", reservation=reservation, pages=found.pages)
    if known is not None and known.lasts:
        return redirect(url_for("returning.ask"), 303)
    if known is not None:
        minutes = question_time.MINUTES[door_here(now)[0].value]
        return render_template("public/returning/anew.html", reservation=reservation, minutes=minutes)
    return _begin_page(BeginForm(formdata=None))


@blueprint.post("/more")
@audience(anyone)
def more() -> ResponseReturnValue:
    """Go on to the pages that the reserved treatment needs beside the answers that were sent."""
    now = clock.now()
    reservation = reservation_here(now)
    found = lacking(reservation, now) if reservation is not None else None
    if reservation is None or found is None:
        return redirect(url_for(".begin"), 303)
    with transaction():
        draft = drafts.complete(
            found.sent, found.consent, browser=browser(), types=reservation.treatment.modalities, now=now
        )
        record_look(draft, draft.answers)
    return redirect(way_on(draft), 303)


@blueprint.post("")
@audience(anyone)
def start() -> ResponseReturnValue:
    """Yes opens the first page; no stores nothing and offers the telephone and a plain request."""
    form = BeginForm()
    if not form.validate():
        return _begin_page(form), UNPROCESSABLE
    now = clock.now()
    if form.consent_health_data.data == "no":
        with transaction():
            drafts.withhold(browser())
        session[SAID_NO] = True
        return redirect(url_for(".without"), 303)
    session.pop(SAID_NO, None)
    limits.take(limits.INTAKES_NETWORK, limits.network(request.remote_addr), now)
    door, types = door_here(now)
    try:
        with transaction():
            draft = drafts.start(
                browser=browser(),
                client_id=signed_in_client_id(),
                mail=form.mail.data,
                now=now,
                door=door,
                types=types,
            )
            if draft.created_at == now:
                record_look(draft, draft.answers)  # Filled in from what was sent before.
    except accounts.UnreadableAddress as unreadable:
        form.mail.errors = [unreadable.sentence]
        return _begin_page(form), UNPROCESSABLE
    return redirect(way_on(draft), 303)


def _begin_page(form: BeginForm) -> str:
    return render_template(
        "public/intake/begin.html",
        form=form,
        has_errors=form.has_errors,
        paragraphs=consent.HEALTH_DATA.paragraphs,
        chosen=door_here(clock.now())[0] is Door.CHOSEN,
        reservation=reservation_here(clock.now()),
    )


@blueprint.get("/without")
@audience(anyone)
def without() -> str:
    """After refused consent: nothing was stored, and these options remain."""
    return render_template("public/intake/without.html", reservation=reservation_here(clock.now()))


@blueprint.post("/again")
@audience(anyone)
def again() -> ResponseReturnValue:
    """Delete this browser's draft and start again."""
    with transaction():
        drafts.withhold(browser())
    return redirect(url_for(".begin"), 303)


@blueprint.get("/<slug>")
@audience(anyone)
def ask(slug: str) -> ResponseReturnValue:
    """One page of questions, with what was answered before."""
    page, draft = _page(slug), draft_here()
    elsewhere = _not_here(page, draft)
    if elsewhere is not None:
        return redirect(elsewhere, 303)
    with transaction():
        record_look(draft, (question.field for question in page.questions))
        return _question_page(page, draft, dict(draft.answers), {})


@blueprint.post("/<slug>")
@audience(anyone)
def answer(slug: str) -> ResponseReturnValue:
    """Save a page; then show the next one, or the care card at once if an answer calls for it."""
    page, draft, now = _page(slug), draft_here(), clock.now()
    posted, unfit = question_fields.posted(page.questions)
    before = dict(draft.answers)
    if extend_reservation.is_asked():
        return _kept_longer(page, draft, posted, now)
    try:
        if unfit:
            raise drafts.DraftIncomplete(unfit)
        with transaction():
            reached_before = so_far(before, drafts.cleared_rules(draft, before, now))
            draft, reached = drafts.save_page(
                browser(), slug, posted, now, none_of_these="none_of_these" in request.form
            )
            if reached.level > reached_before.level:
                tell_visits(draft.client_id, now)
    except drafts.NotReached:
        return redirect(way_on(draft), 303)
    except drafts.DraftIncomplete as incomplete:
        # Show what was sent, even if blank: no stored answer appears on this page.
        shown = {**before, **question_fields.as_typed(page.questions, posted)}
        return _question_page(page, draft, shown, incomplete.problems), UNPROCESSABLE
    if reached.level is Level.URGENT or (
        # The card is shown once, then they may continue.
        reached.level is Level.REFER and reached_before.level < Level.REFER
    ):
        return redirect(url_for("outcome.show"), 303)
    scope = path.scope_of(draft)
    if not path.is_reached(page, draft.answers, scope):
        flash(ALL_ANEW, "here")
        return redirect(way_on(draft), 303)
    # Never through pages that are already answered: the list at the end leads back to each of them.
    changed = [
        asked.field for asked in page.questions if before.get(asked.field) != draft.answers.get(asked.field)
    ]
    return redirect(_following(draft, origin=_origin(page), changed=changed), 303)


def _kept_longer(
    page: QuestionPage, draft: Draft, posted: Mapping[str, Sequence[str]], now: datetime
) -> ResponseReturnValue:
    """The same page with what was typed, and more time for it."""
    elsewhere = _not_here(page, draft)
    extend_reservation.keep_longer(now)
    if elsewhere is not None:
        return redirect(elsewhere, 303)
    shown = {**draft.answers, **question_fields.as_typed(page.questions, posted)}
    return _question_page(page, draft, shown, {})


@blueprint.get("/check")
@audience(anyone)
def check() -> ResponseReturnValue:
    """All answers for review, with contradictions, and the closing confirmations."""
    draft = draft_here()
    is_missing = path.next_unanswered(draft.answers, path.scope_of(draft)) is not None
    if draft.stopped_at is not None or is_missing or returning.is_open(draft):
        return redirect(way_on(draft), 303)
    with transaction():
        record_look(draft, QUESTIONS)
        return _check_page(draft, dict(draft.answers), {})


@blueprint.post("/check")
@audience(anyone)
def send() -> ResponseReturnValue:
    """Submit the answers; contradictions that were not shown yet are shown first."""
    closing, now = questionnaire.page(path.CLOSING).questions, clock.now()
    posted, unfit = question_fields.posted(closing)
    mail = draft_here().mail
    try:
        if unfit:
            raise drafts.DraftIncomplete(unfit)
        with transaction():
            submission = intake.submit(browser(), posted, request.form.getlist("seen"), now)
            # Some rules wait until the form is complete, and some pages were answered before the client signed in.
            tell_visits(submission.client_id, now)
            _show_a_therapist(submission.outcome, now)
    except (drafts.NotReached, intake.Stopped):
        return redirect(way_on(draft_here()), 303)
    except intake.LookAgain:
        return _checked_again(posted, {}), UNPROCESSABLE
    except drafts.DraftIncomplete as incomplete:
        return _checked_again(posted, incomplete.problems), UNPROCESSABLE
    if mail and signed_in_client_id() is None and not typed(now):
        # Nobody types their address twice (WCAG 2.2, 3.3.7): the page of the details shows it.
        keep_typed({"mail": mail}, now)
    if _only_corrects(now):
        flash(CORRECTED, "ok")
        return redirect(url_for("portal.home"), 303)
    return redirect(url_for("outcome.show"), 303)


def _only_corrects(now: datetime) -> bool:
    """Whether a signed-in client with visits to come sent answers that change nothing about them, and is not about to book."""
    visit = next_visit_here(now)
    if visit is None:
        return False
    standing = queries.safety_standing(
        browser=known_browser(), client_id=visit.client_id, now=now, zone=visit.zone
    )
    return standing.level is not None and standing.level < Level.THERAPIST_REVIEW


def _checked_again(posted: Mapping[str, Sequence[str]], problems: Mapping[str, str]) -> str:
    closing = questionnaire.page(path.CLOSING).questions
    with transaction():
        draft = draft_here()
        record_look(draft, QUESTIONS)
        shown = {**draft.answers, **question_fields.as_typed(closing, posted)}
        return _check_page(draft, shown, problems)


def record_look(draft: Draft, fields: Iterable[str]) -> None:
    """Record that these stored answers are shown in this browser; does nothing if there are none."""
    answers = {**drafts.said_before(draft), **draft.answers}
    shown = {field.split(".")[0] for field in fields if answers.get(field) is not None}
    if shown:
        audit.record(
            access.actor(),
            "read",
            draft,
            client_id=draft.client_id,
            purpose="intake",
            fields=sorted(shown),
            now=clock.now(),
        )


def _page(slug: str) -> QuestionPage:
    try:
        return questionnaire.page(slug)
    except questionnaire.UnknownPage:
        raise NotFound from None


def draft_here() -> Draft:
    """This browser's draft. Raises NoDraft, and AddressNotProven if it holds earlier answers of somebody not signed in."""
    draft = queries.draft(known_browser(), clock.now())
    if draft is None:
        raise drafts.NoDraft
    if not is_shown_here(draft):
        raise AddressNotProven
    return draft


def is_shown_here(draft: Draft) -> bool:
    """Whether a draft may be seen in this browser: one with a client's earlier answers only while they are signed in."""
    return draft.follows_id is None or draft.client_id == signed_in_client_id()


def tell_visits(answering: UUID | None, now: datetime) -> None:
    """Apply answers that have just become more serious to visits that are already booked.

    The visits are those of the client to whom the answers belong, by a booking made in this browser or by signing in. A
    visitor is unknown, so their answers affect no visit.
    """
    person = answering or signed_in_client_id()
    if person is not None:
        safety.raise_levels(person, browser=browser(), now=now)


def _show_a_therapist(outcome: Outcome, now: datetime) -> None:
    """Store the initial scores of a known client, and open a review if they have a visit anyway."""
    person = outcome.submission.client_id or signed_in_client_id()
    if person is None:
        return
    scores.keep_start(outcome.submission, person)
    visits = appointments.upcoming(person, now)
    if visits:
        plans.open_review(outcome, person, visits[0], now)


def _origin(page: QuestionPage) -> str | None:
    """The page that somebody came to change, on it and on what it asks further; None for whoever goes page by page."""
    came_by = request.values.get("change")
    if came_by is None or came_by == CHANGES:
        return page.slug if came_by else None
    try:
        return questionnaire.page(came_by).slug
    except questionnaire.UnknownPage:
        return None


def _not_here(page: QuestionPage, draft: Draft) -> str | None:
    """Where to go instead of this page; None if it may be shown."""
    scope = path.scope_of(draft)
    if page.slug == path.CLOSING or not path.is_reached(page, draft.answers, scope):
        return way_on(draft)
    if draft.stopped_at is not None and not path.is_complete(page, draft.answers, scope):
        return url_for("outcome.show")
    return None


def way_on(draft: Draft) -> str:
    """The URL of the next page of a draft."""
    if draft.stopped_at is not None:
        return url_for("outcome.show")
    return _following(draft)


def _following(draft: Draft, *, origin: str | None = None, changed: Sequence[str] = ()) -> str:
    """The next page; after the last one the list, of whoever came to change an answer at that answer."""
    if not returning.is_answered_today(draft):
        return url_for("returning.ask")
    page = path.next_unanswered(draft.answers, path.scope_of(draft))
    if page is None:
        return _list_of(draft, origin, changed)
    return url_for("intake.ask", slug=page.slug, change=origin)


def _list_of(draft: Draft, origin: str | None = None, changed: Sequence[str] = ()) -> str:
    """The URL of the list of answers, at its entry for a page: for a returning client first what they told us before."""
    is_open, entry = returning.is_open(draft), None
    if origin is not None:
        scope = path.scope_of(draft)
        entry = written.entry_of(draft.answers, scope, origin, changed, by_page=not is_open)
    return url_for("returning.still_true" if is_open else "intake.check", _anchor=entry)


def _question_page(
    page: QuestionPage, draft: Draft, shown: dict[str, object], problems: Mapping[str, str]
) -> str:
    origin, answers, scope = _origin(page), draft.answers, path.scope_of(draft)
    shown = {**drafts.said_before(draft), **shown}  # Each page of older answers is one press.
    before, here = path.page_before(page, answers, scope), practice.find_practice()
    questions = [
        question_fields.as_asked(question, answers, here.country if here else "")
        for question in path.asked_questions(page, answers, scope)
    ]
    progress = questionnaire.progress(page.slug, answers, scope)
    return render_template(
        "public/intake/page.html",
        page=page,
        questions=questions,
        values=shown,
        problems=problems,
        has_errors=bool(problems),
        whereabouts=progress.place,
        parts=[(part.title, standing.value) for part, standing in progress.parts],
        back=_list_of(draft, origin) if origin else _back(before),
        changing=origin,
        ending=extend_reservation.ending(clock.now()),
    )


def _back(before: QuestionPage | None) -> str:
    return url_for("intake.begin") if before is None else url_for("intake.ask", slug=before.slug)


def _check_page(draft: Draft, shown: Mapping[str, object], problems: Mapping[str, str]) -> str:
    answers, scope = draft.answers, path.scope_of(draft)
    closing = path.asked_questions(questionnaire.page(path.CLOSING), answers)
    contradictions = questionnaire.contradictions(answers, unasked=questionnaire.unasked_fields(answers))
    return render_template(
        "public/intake/check.html",
        parts=written.parts(answers, scope, drafts.given_now(draft) if draft.looked_over_at else None),
        pain=None if draft.looked_over_at else written.pain(answers),
        last_page=url_for("returning.still_true")
        if draft.looked_over_at
        else url_for(".ask", slug=path.asked_pages(answers, scope)[-1].slug),
        contradictions=[
            (found, [(written.title(field), written.change(field)) for field in found.fields])
            for found in contradictions
        ],
        closing=closing,
        values=shown,
        problems=problems,
        has_errors=bool(problems),
        paragraphs=consent.HEALTH_DATA.paragraphs,
        looked_over=draft.looked_over_at is not None,
    )
