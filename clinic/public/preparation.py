"""*Before your visit*: a list of parts with *Done* and *To do*, and a page for each part.

The address of the list comes with the letter about a booking, which can be forwarded. Whoever has nothing but the address sees
which parts are done, and of these only parts that everybody is asked. Seeing or changing an answer takes one of these:

1. the browser in which the visit was booked,
2. a one-time link, which goes to the client's own address and binds their browser,
3. a client's sign-in,
4. a device that the client's own therapist has handed over.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts import audit, limits, signed_links
from clinic.accounts import services as accounts
from clinic.accounts.models import LinkPurpose
from clinic.booking import queries as appointments
from clinic.booking.models import Appointment
from clinic.db import db, transaction
from clinic.guidance.questionnaire import Contradiction
from clinic.guidance.questions import QUESTIONS
from clinic.intake import drafts
from clinic.intake.services import LookAgain
from clinic.language import N_
from clinic.messaging.kinds.preparation import owe_link
from clinic.plans import preparation
from clinic.plans.preparation import PartsLeft, Preparation, PreparationClosed, PreparationTask, Saved
from clinic.practice import queries as practice
from clinic.public import outcome
from clinic.refusal import NotFound
from clinic.web import access, languages, one_time, question_fields, signed_in_staff
from clinic.web.access import anyone, audience
from clinic.web.browser import browser, known_browser
from clinic.web.signed_in_client import signed_in_client_id

blueprint = Blueprint("preparation", __name__)

UNPROCESSABLE = 422
LEAVE = "leave"
"""Sent by the way back to the list: what was answered is saved, and nothing else is asked for."""
TOO_LATE = N_(
    "A link works for ten minutes, once. The letter about your booking leads to the page that sends you a new one."
)
LOOKED_AT_FIRST = N_("Saved. Your therapist looks at this before your visit. Your appointment stays booked.")
FINISHED = N_("Thank you. Your therapist has your answers.")


@dataclass(frozen=True, slots=True)
class _Row:
    """One part in the list; `href` is empty for somebody who may only see whether it is done."""

    title: str
    hint: str
    is_done: bool
    href: str


@blueprint.get("/before/<token>")
@audience(anyone)
def tasks(token: str) -> str:
    """The list of parts: to be opened by the client, or only to be seen."""
    visit = _visit(token)
    return _tasks_page(visit, token, preparation.preparation_of(visit, clock.now()))


@blueprint.get("/before/<token>/<code>")
@audience(anyone)
def part(token: str, code: str) -> ResponseReturnValue:
    """The questions of one part, with what was answered before; the access is recorded."""
    visit, now = _visit(token), clock.now()
    found = preparation.preparation_of(visit, now)
    if found is None or not _may_answer(visit):
        return redirect(url_for(".tasks", token=token), 303)
    task = found.task(code)
    answers = found.answers
    with transaction():
        _record_look(visit, found, [name for name in _names(task) if answers.get(name) is not None], now)
        return _part_page(visit, token, found, task, dict(answers), {})


@blueprint.post("/before/<token>/<code>")
@audience(anyone)
def save(token: str, code: str) -> ResponseReturnValue:
    """Save a part; then the next one to do, the list, or the care card at once if an answer calls for it."""
    visit, now = _visit(token), clock.now()
    if not _may_answer(visit):
        return redirect(url_for(".tasks", token=token), 303)
    limits.take(limits.PREPARATIONS, str(visit.id), now)
    found = preparation.preparation_of(visit, now)
    if found is None:
        raise PreparationClosed
    task = found.task(code)
    sent, unfit = question_fields.posted(task.questions)
    is_leaving = request.form.get("then") == LEAVE
    try:
        if unfit:
            raise drafts.DraftIncomplete(unfit)
        with transaction():
            saved = preparation.save_part(
                visit, code, sent, actor=_actor(visit), now=now, is_leaving=is_leaving
            )
    except drafts.DraftIncomplete as incomplete:
        # Show what was sent, even if blank: no stored answer appears on this page.
        shown = question_fields.as_typed(task.questions, sent)
        return _part_page(visit, token, found, task, shown, incomplete.problems), UNPROCESSABLE
    if saved.level.stops:
        return _care_card(visit, saved, task)
    if saved.submission is not None:
        flash(LOOKED_AT_FIRST, "plain")
    following = saved.preparation.next_after(code)
    if following is None or request.form.get("then") != "next":
        return redirect(url_for(".tasks", token=token), 303)
    return redirect(url_for(".part", token=token, code=following.part.code), 303)


@blueprint.post("/before/<token>/finish")
@audience(anyone)
def finish(token: str) -> ResponseReturnValue:
    """Hand the answers to the therapist; what contradicts is first shown again."""
    visit, now = _visit(token), clock.now()
    if not _may_answer(visit):
        return redirect(url_for(".tasks", token=token), 303)
    limits.take(limits.PREPARATIONS, str(visit.id), now)
    try:
        with transaction():
            preparation.finish(visit, looked_at=request.form.getlist("seen"), actor=_actor(visit), now=now)
    except PartsLeft as refusal:
        flash(refusal.sentence, "caution")
        return redirect(url_for(".tasks", token=token), 303)
    except LookAgain as again:
        return _look_again(visit, token, again, now), UNPROCESSABLE
    flash(FINISHED, "ok")
    return redirect(url_for(".tasks", token=token), 303)


@blueprint.post("/before/<token>/link")
@audience(anyone)
def mail_link(token: str) -> ResponseReturnValue:
    """Send a one-time link to the client's own address, at most three an hour."""
    visit, now = _visit(token), clock.now()
    limits.take(limits.PREPARATION_LINKS, str(visit.id), now)
    with transaction():
        owe_link(visit.id, now)
    return redirect(url_for(".link_asked"), 303)


@blueprint.get("/before-visit/asked")
@audience(anyone)
def link_asked() -> str:
    """The same page whether or not a letter follows."""
    return one_time.asked_page(
        N_("A link is on its way to the address you booked with. It works for ten minutes, once.")
    )


@blueprint.get("/before-visit/<raw>")
@audience(anyone)
def link(raw: str) -> ResponseReturnValue:
    """A one-time link."""
    if accounts.find_link(raw, LinkPurpose.PREPARATION, clock.now()) is None:
        return one_time.gone_page(TOO_LATE)
    return one_time.button_page(
        heading=N_("Before your visit"),
        sentence=N_("Your answers open in this browser until your visit. Go on where nobody else looks on."),
        act=N_("Go on"),
        to=url_for(".use_link", raw=raw),
    )


@blueprint.post("/before-visit/<raw>")
@audience(anyone)
def use_link(raw: str) -> ResponseReturnValue:
    """Use up the link: the parts of this visit open in this browser from now on."""
    now = clock.now()
    limits.take(limits.LINK_USES_NETWORK, limits.network(request.remote_addr), now)
    with transaction():
        used = accounts.consume_link(raw, LinkPurpose.PREPARATION, now)
        visit = db.session.get(Appointment, used.subject_id) if used and used.subject_id else None
        if visit is None or not preparation.bind(visit, browser(), now):
            return one_time.gone_page(TOO_LATE)
        audit.record(
            audit.by_link(visit.id), "open", visit, client_id=visit.client_id, purpose="preparation", now=now
        )
    return redirect(address(visit), 303)


def address(visit: Appointment) -> str:
    """The URL of the list of a visit's parts."""
    return signed_links.preparation_path(visit.id, visit.link_epoch)


def _visit(token: str) -> Appointment:
    claim = signed_links.check(token, signed_links.PREPARATION)
    found = db.session.get(Appointment, claim.subject_id) if claim else None
    if claim is None or found is None or found.client_id is None or not claim.holds(found.link_epoch):
        raise NotFound
    visit = appointments.appointment(found.id)
    if visit.client is None or visit.client.erased_at is not None:
        raise NotFound
    languages.speak_to(visit.client)
    return visit


def _may_answer(visit: Appointment) -> bool:
    return (
        signed_in_client_id() == visit.client_id
        or signed_in_staff.handed_over_for() == str(visit.id)
        or preparation.may_open(visit, known_browser())
    )


def _actor(visit: Appointment) -> str:
    return access.actor() if signed_in_client_id() == visit.client_id else audit.by_link(visit.id)


def _names(task: PreparationTask) -> list[str]:
    return [question.field for question in task.questions]


def _record_look(visit: Appointment, found: Preparation, names: list[str], now: datetime) -> None:
    """Record that these stored answers are shown; does nothing if there are none."""
    if names:
        audit.record(
            _actor(visit),
            "read",
            found.row or visit,
            client_id=visit.client_id,
            purpose="preparation",
            fields=sorted({name.split(".")[0] for name in names}),
            now=now,
        )


def _look_again(visit: Appointment, token: str, again: LookAgain, now: datetime) -> str:
    found = preparation.preparation_of(visit, now)
    with transaction():
        if found is not None:
            names = [name for one in again.found for name in one.fields]
            _record_look(visit, found, names, now)
        return _tasks_page(visit, token, found, again.found)


def _care_card(visit: Appointment, saved: Saved, task: PreparationTask) -> str:
    assert saved.standing is not None
    assert saved.submission is not None
    # A browser that holds no more than a link's right is told only about what it has just been told.
    is_booker = visit.booked_in is not None and visit.booked_in == known_browser()
    knows_all = is_booker or signed_in_client_id() == visit.client_id
    told = None if knows_all else frozenset(_names(task))
    return outcome.card_of(saved.standing, saved.submission.outcome, told=told)


def _part_page(
    visit: Appointment,
    token: str,
    found: Preparation,
    task: PreparationTask,
    shown: dict[str, Any],
    problems: Mapping[str, str],
) -> str:
    here = practice.find_practice()
    questions = [
        question_fields.as_asked(question, found.answers, here.country if here else "")
        for question in task.questions
    ]
    codes = [one.part.code for one in found.tasks]
    following = found.next_after(task.part.code)
    return render_template(
        "public/preparation/part.html",
        token=token,
        part=task.part,
        number=codes.index(task.part.code) + 1,
        of=len(codes),
        questions=questions,
        values=shown,
        problems=problems,
        has_errors=bool(problems),
        has_next=following is not None and following is not task,
        back=url_for(".tasks", token=token),
    )


def _tasks_page(
    visit: Appointment,
    token: str,
    found: Preparation | None,
    contradictions: tuple[Contradiction, ...] = (),
) -> str:
    may_answer = _may_answer(visit)
    shown = [task for task in found.tasks if may_answer or task.part.is_for_everybody] if found else []
    following = found.next_after("") if found and may_answer else None
    return render_template(
        "public/preparation/tasks.html",
        visit=visit,
        token=token,
        groups=_groups(shown, token if may_answer else ""),
        progress=found.progress if found else None,
        may_answer=may_answer,
        following=(following.part.title, url_for(".part", token=token, code=following.part.code))
        if following
        else None,
        may_finish=may_answer and found is not None and bool(found.added) and not found.progress.left,
        contradictions=[(one, _places(one, found, token)) for one in contradictions if found],
        manage=signed_links.manage_path(visit.id, visit.link_epoch),
        sign_in=url_for("portal.sign_in", next=address(visit)),
        back_to_staff=url_for("staff.visit", appointment_id=visit.id)
        if signed_in_staff.is_handed_over()
        else None,
    )


def _groups(shown: list[PreparationTask], token: str) -> list[tuple[str, list[_Row]]]:
    return [
        (
            title,
            [
                _Row(
                    task.part.title,
                    task.part.hint,
                    task.is_done,
                    url_for(".part", token=token, code=task.part.code) if token else "",
                )
                for task in rows
            ],
        )
        for title, rows in groupby(shown, key=lambda task: task.part.group)
    ]


def _places(one: Contradiction, found: Preparation, token: str) -> list[tuple[str, str | None]]:
    """The answers that do not fit together, with the URL of the part where one can be changed here."""
    places = {name: task.part.code for task in found.tasks for name in _names(task)}
    return [
        (
            QUESTIONS[name].title,
            url_for(".part", token=token, code=places[name]) if name in places else None,
        )
        for name in one.fields
    ]
