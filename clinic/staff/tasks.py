"""Tasks: one list of what waits for somebody, handed over, noted on, done, or written down by hand."""

from collections.abc import Sequence
from datetime import datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import HiddenField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from clinic import clock
from clinic.accounts import audit, permissions, team
from clinic.accounts.models import User
from clinic.accounts.permissions import Permission
from clinic.db import transaction
from clinic.refusal import NotFound, Stale
from clinic.scheduling import hours
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.day import practice_zone
from clinic.staff.settings.fields import SettingsDateField
from clinic.tasks import queries, services
from clinic.tasks.kinds import KINDS, TaskGroup, TaskReader
from clinic.tasks.models import TaskKind
from clinic.tasks.queries import OpenTask, TaskFilter, Whose
from clinic.web.access import audience, may, staff
from clinic.web.forms import Form

WORDS_LENGTH = 300
SETTLED_BY = time(18)
"""Until when a to-do of a day is to be done."""
NO_HEALTH = "Everybody here can read it. Nothing about health; that belongs into the client’s file."
KIND_NAMES = {
    TaskKind.REVIEW: "Reviews",
    TaskKind.REQUEST: "Requests without answers",
    TaskKind.CALL: "Calls",
    TaskKind.CHECK_IN: "Check-ins",
    TaskKind.LOOK_BACK: "Look backs",
    TaskKind.NOTE: "Notes to sign",
    TaskKind.CAME: "Came or not",
    TaskKind.ANSWERS: "Answers missing",
    TaskKind.LETTER: "Messages that did not arrive",
    TaskKind.LEFT: "Visits of somebody who left",
    TaskKind.BACKUP: "Backups",
    TaskKind.DRILL: "Backup drills",
    TaskKind.UNUSUAL: "Unusual reading",
    TaskKind.ERASURE: "Erasures",
    TaskKind.TO_DO: "To-dos",
}
TABLES = {
    TaskKind.REVIEW: "reviews",
    TaskKind.REQUEST: "appointments",
    TaskKind.CALL: "reviews",
    TaskKind.CHECK_IN: "check_ins",
    TaskKind.LOOK_BACK: "appointments",
    TaskKind.NOTE: "appointments",
}
"""What a look at a clinical task is recorded as a look at."""
AT_DESK = "desk"
WHOSE_NAMES = {
    Whose.MINE: "Mine",
    Whose.ALL: "Everyone",
    Whose.NOBODYS: "Without owner",
    Whose.DONE: "Done",
}


class HandOverTaskForm(Form):
    """To whom, and a word for them."""

    seen = HiddenField()
    to = SelectField("To", validators=[InputRequired("Choose to whom.")])
    words = StringField(
        "Word to your colleague", description=NO_HEALTH, validators=[Length(max=WORDS_LENGTH)]
    )


class WordsForm(Form):
    """A word on a task."""

    text = StringField(
        "Word on this task",
        description=NO_HEALTH,
        validators=[InputRequired("Write a few words first."), Length(max=WORDS_LENGTH)],
    )


class ToDoForm(Form):
    """A task written by hand."""

    text = StringField(
        "What is to do",
        description=NO_HEALTH,
        validators=[InputRequired("Say what is to do."), Length(max=WORDS_LENGTH)],
    )
    due_on = SettingsDateField("Until", validators=[InputRequired("Enter until when.")])
    to = SelectField("Whose", validators=[InputRequired("Choose whose it is.")])


def reader(user: User, now: datetime) -> TaskReader:
    """For whom tasks are looked up."""
    return TaskReader(
        user_id=user.id,
        permissions=permissions.granted(user.role_names),
        role_names=frozenset(user.role_names),
        backups_are_on=bool(current_app.config["BACKUP_RECIPIENTS"]),
        now=now,
    )


@blueprint.get("/tasks", endpoint="tasks")
@audience(staff, Permission.CALENDAR_READ)
def listed() -> ResponseReturnValue:
    """What waits: mine, everyone's, nobody's or done, of all kinds or one, earliest due first."""
    return _page(_asked())


def _asked() -> TaskFilter:
    try:
        return TaskFilter(
            whose=Whose(request.args.get("whose", Whose.MINE)),
            kind=TaskKind(request.args["kind"]) if request.args.get("kind") else None,
            page=min(max(int(request.args.get("page", "1")), 1), 1000),
        )
    except ValueError:
        raise NotFound("There is no such list of tasks.") from None


def _page(wanted: TaskFilter, typed: ToDoForm | None = None) -> str:
    now, user = clock.now(), desk.user()
    asking, zone = reader(user, now), practice_zone(now)
    with transaction():
        found = queries.page(wanted, asking)
        record_looks(found.tasks, user, now)
        form = typed or ToDoForm(formdata=None)
        form.to.choices = _whose(user)
        if typed is None:
            form.due_on.data = hours.local_day(now, ZoneInfo(zone))
            form.to.data = str(user.id)
        return render_template(
            "staff/tasks/list.html",
            here="tasks",
            wanted=wanted,
            sections=_sections(found.tasks, now, zone, is_done=wanted.whose is Whose.DONE),
            has_more=found.has_more,
            shares=queries.shares(asking),
            kinds=[one.kind for one in queries.kinds_for(asking)],
            KIND_NAMES=KIND_NAMES,
            WHOSE_NAMES=WHOSE_NAMES,
            open_address=open_address,
            form=form,
            zone=zone,
            own_id=user.id,
            has_errors=form.has_errors,
        )


def _whose(user: User) -> list[tuple[str, str]]:
    """Who can have a to-do: oneself, a colleague, or whoever is at the front desk."""
    others = [one for one in team.everybody() if one.active and one.id != user.id]
    return [(str(user.id), "Mine"), (AT_DESK, "Front desk"), *((str(one.id), one.name) for one in others)]


def record_looks(tasks: Sequence[OpenTask], user: User, now: datetime) -> None:
    """That a clinical task waits says something about its client, so each look at one is recorded."""
    for task in tasks:
        if task.declared.group is TaskGroup.CLINICAL:
            audit.record(
                audit.by_user(user.id),
                "read",
                subject_type=TABLES[task.kind],
                subject_id=task.subject_id,
                client_id=task.client_id,
                purpose="tasks",
                fields=("waits",),
                now=now,
            )


def _sections(
    tasks: Sequence[OpenTask], now: datetime, zone: str, *, is_done: bool
) -> list[tuple[str, list[OpenTask]]]:
    """The tasks under *Late*, *Today* and *Later*; those that are done under one heading."""
    if is_done:
        return [("Done in the last two weeks", list(tasks))] if tasks else []
    today = hours.local_day(now, ZoneInfo(zone))
    found: dict[str, list[OpenTask]] = {"Late": [], "Today": [], "Later": []}
    for task in tasks:
        is_today = hours.local_day(task.due_at, ZoneInfo(zone)) <= today
        found["Late" if task.due_at < now else "Today" if is_today else "Later"].append(task)
    return [(heading, below) for heading, below in found.items() if below]


def open_address(task: OpenTask) -> str | None:
    """Where a task is settled; None for one that is only said to be done."""
    if task.kind is TaskKind.TO_DO:
        return None
    if task.kind in (TaskKind.BACKUP, TaskKind.DRILL):
        return url_for("staff.settings_data")
    if task.kind is TaskKind.UNUSUAL:
        return url_for("staff.settings_access", _anchor="unusual")
    if task.kind is TaskKind.ERASURE:
        return url_for("staff.erase_client", client_id=task.client_id)
    if task.kind in (TaskKind.REVIEW, TaskKind.CALL):
        return url_for("staff.review", review_id=task.subject_id)
    endpoint = {
        TaskKind.LOOK_BACK: "staff.look_back",
        TaskKind.NOTE: "staff.note",
        TaskKind.LEFT: "staff.move",
    }
    return url_for(endpoint.get(task.kind, "staff.visit"), appointment_id=task.visit_id)


@blueprint.post("/tasks", endpoint="add_to_do")
@audience(staff, Permission.CALENDAR_READ)
def add_to_do() -> ResponseReturnValue:
    """Write down what is to do, for oneself, a colleague or the front desk."""
    user, now, form = desk.user(), clock.now(), ToDoForm()
    form.to.choices = _whose(user)
    if not form.validate_on_submit():
        return _page(TaskFilter(), form), 400
    zone = ZoneInfo(practice_zone(now))
    assert form.due_on.data is not None
    due_at = hours.earliest_instant(datetime.combine(form.due_on.data, SETTLED_BY), zone)
    owner_id = None if form.to.data == AT_DESK else UUID(form.to.data)
    with transaction():
        services.add_to_do(form.text.data or "", due_at=due_at, owner_id=owner_id, by=user, now=now)
    desk.say("Written down.")
    return redirect(url_for("staff.tasks", whose=None if owner_id == user.id else Whose.ALL), 303)


@blueprint.get("/tasks/<kind>/<uuid:subject_id>", endpoint="task")
@audience(staff, Permission.CALENDAR_READ)
def task(kind: str, subject_id: UUID) -> ResponseReturnValue:
    """One task: what it is about, where it is settled, to whom it can go, and what colleagues wrote on it."""
    return _task_page(_found(kind, subject_id))


def _found(kind: str, subject_id: UUID) -> OpenTask:
    try:
        named = TaskKind(kind)
    except ValueError:
        raise NotFound from None
    if named not in KINDS:
        raise NotFound
    return queries.one(named, subject_id, reader(desk.user(), clock.now()))


def _task_page(
    task: OpenTask, *, hand_over: HandOverTaskForm | None = None, words: WordsForm | None = None
) -> str:
    now, user = clock.now(), desk.user()
    with transaction():
        record_looks([task], user, now)
        return render_template(
            "staff/tasks/one.html",
            here="tasks",
            task=task,
            href=open_address(task),
            hand_over=hand_over or _hand_over_form(task),
            words=words or WordsForm(formdata=None),
            zone=task.zone or practice_zone(now),
            own_id=user.id,
            has_errors=bool((hand_over and hand_over.errors) or (words and words.errors)),
        )


def _hand_over_form(task: OpenTask, formdata: object = None) -> HandOverTaskForm:
    form = HandOverTaskForm(formdata=formdata)
    fitting = (
        one
        for one in team.everybody()
        if one.id != task.owner_id
        and one.is_active
        and task.declared.needs in permissions.granted(one.role_names)
    )
    form.to.choices = [("", "Choose a colleague"), *((str(one.id), one.name) for one in fitting)]
    if formdata is None:
        form.seen.data = str(task.owner_id or "")
    return form


@blueprint.post("/tasks/<kind>/<uuid:subject_id>/hand-over", endpoint="hand_task_over")
@audience(staff, Permission.CALENDAR_READ)
def hand_over(kind: str, subject_id: UUID) -> ResponseReturnValue:
    """Give a task to a colleague, with a word for them."""
    found, user, now = _found(kind, subject_id), desk.user(), clock.now()
    form = _hand_over_form(found, request.form)
    if not form.validate():
        return _task_page(found, hand_over=form), 400
    to = team.member(UUID(form.to.data))
    try:
        with transaction():
            if (form.seen.data or "") != str(found.owner_id or ""):
                raise Stale
            services.hand_over(found, to, by=user, now=now)
            if form.words.data:
                services.add_words(found, form.words.data, by=user, now=now)
    except (Stale, services.NotTheirs) as refusal:
        form.form_errors.append(refusal.sentence)
        form.seen.data = str(found.owner_id or "")
        return _task_page(found, hand_over=form), refusal.status
    desk.say(
        f"{to.given_name} has it now.",
        undo=url_for("staff.take_task_back", kind=kind, subject_id=subject_id, given_to=to.id),
    )
    return redirect(url_for("staff.tasks"), 303)


@blueprint.post("/tasks/<kind>/<uuid:subject_id>/take-back", endpoint="take_task_back")
@audience(staff, Permission.CALENDAR_READ)
def take_back(kind: str, subject_id: UUID) -> ResponseReturnValue:
    """Undo a hand-over."""
    found = _found(kind, subject_id)
    if request.args.get("given_to", "") not in ("", str(found.assignee_id)):
        raise Stale
    with transaction():
        services.take_back(found, by=desk.user(), now=clock.now())
    desk.say("Taken back.")
    return redirect(url_for("staff.tasks"), 303)


@blueprint.post("/tasks/<kind>/<uuid:subject_id>/done", endpoint="task_done")
@audience(staff, Permission.CALENDAR_READ)
def done(kind: str, subject_id: UUID) -> ResponseReturnValue:
    """Say that a task is done, where nothing else could say so."""
    found = _found(kind, subject_id)
    with transaction():
        services.mark_done(found, by=desk.user(), now=clock.now())
    desk.say("Done.", undo=url_for("staff.task_reopened", kind=kind, subject_id=subject_id))
    return desk.back_to(url_for("staff.tasks"))


@blueprint.post("/tasks/<kind>/<uuid:subject_id>/open", endpoint="task_reopened")
@audience(staff, Permission.CALENDAR_READ)
def reopen(kind: str, subject_id: UUID) -> ResponseReturnValue:
    """It is not done after all."""
    found = _found(kind, subject_id)
    with transaction():
        services.mark_open(found, by=desk.user(), now=clock.now())
    desk.say("Open again.")
    return desk.back_to(url_for("staff.tasks"))


@blueprint.post("/tasks/<kind>/<uuid:subject_id>/words", endpoint="task_words")
@audience(staff, Permission.CALENDAR_READ)
def add_words(kind: str, subject_id: UUID) -> ResponseReturnValue:
    """Leave a word for colleagues on a task."""
    found, form = _found(kind, subject_id), WordsForm()
    if not form.validate_on_submit():
        return _task_page(found, words=form), 400
    with transaction():
        services.add_words(found, form.text.data or "", by=desk.user(), now=clock.now())
    desk.say("Noted for your colleagues.")
    return redirect(url_for("staff.task", kind=kind, subject_id=subject_id), 303)


@blueprint.app_context_processor
def waiting() -> dict[str, int]:
    """How many tasks and decisions wait for the signed-in person: the counts on the rail of every staff page."""
    if request.blueprint not in desk.STAFF_PAGES or not may(Permission.CALENDAR_READ):
        return {}
    tasks, reviews = queries.waiting(reader(desk.user(), clock.now()))
    return {"waiting_tasks": tasks, "waiting_reviews": reviews}
