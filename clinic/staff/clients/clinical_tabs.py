"""The clinical tabs of a client's file: notes, answers and documents; the plan is `plan_tab`.

They need the permission to read health data, so the desk gets 403. A therapist who does not treat the client gets 403 with the
form of *Open with reason*. Every read leaves an audit entry.
"""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any
from uuid import UUID

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts import audit
from clinic.accounts.permissions import Permission
from clinic.db import transaction
from clinic.guidance.fields import FIELDS
from clinic.guidance.questions import FLAG_PREFIX
from clinic.guidance.red_flags import RED_FLAGS
from clinic.intake import answer_versions, documents
from clinic.intake.answer_versions import AnswerVersion
from clinic.intake.explanation import safety_of
from clinic.intake.models import Submission
from clinic.plans import client_history, services
from clinic.refusal import NotFound
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.clients import file
from clinic.staff.clients.file import FileHead
from clinic.staff.clinical import answers
from clinic.staff.clinical.note_reading import rows_of
from clinic.staff.day import LEVEL_FLAGS
from clinic.staff.forms import OpenForm
from clinic.web.access import audience, staff

CLINICAL = ("notes", "answers", "plan", "scores", "documents", "access", "copy")
"""The tabs that *Open with reason* can lead on to."""
Tab = Callable[[FileHead, datetime], ResponseReturnValue]


def of_own_client(tab: str) -> Callable[[Tab], Callable[[UUID], ResponseReturnValue]]:
    """Let only a therapist of this client through to a tab; others are led to the form of *Open with reason*."""

    def guarded(view: Tab) -> Callable[[UUID], ResponseReturnValue]:
        @wraps(view)
        def opened(client_id: UUID) -> ResponseReturnValue:
            now = clock.now()
            head = file.head_of(client_id, now)
            if not head.is_own:
                return to_open_form(client_id, tab)
            return view(head, now)

        return opened

    return guarded


def to_open_form(client_id: UUID, tab: str) -> ResponseReturnValue:
    """Lead on to *Open with reason* from a tab that is not open to the reader."""
    return redirect(url_for("staff.open_file", client_id=client_id, tab=tab), 303)


@blueprint.route("/clients/<uuid:client_id>/open/<tab>", methods=["GET", "POST"], endpoint="open_file")
@audience(staff, Permission.HEALTH_READ)
def open_file(client_id: UUID, tab: str) -> ResponseReturnValue:
    """*Open with reason*: the file is open for 24 hours, and the owner reads why."""
    now = clock.now()
    head = file.head_of(client_id, now)
    if tab not in CLINICAL:
        raise NotFound
    to_tab = redirect(url_for(f"staff.client_{tab}", client_id=client_id), 303)
    if head.is_own:
        return to_tab
    form = OpenForm()
    if not form.validate_on_submit():
        page = file.page(tab, head, template="closed", form=form, has_errors=form.has_errors)
        return page, 422 if form.has_errors else 200
    with transaction():
        services.open_with_reason(client_id, reason=form.reason.data or "", by=desk.user(), now=now)
    desk.say("The record is open to you for 24 hours. The owner sees this and your reason.")
    return to_tab


@blueprint.get("/clients/<uuid:client_id>/notes", endpoint="client_notes")
@audience(staff, Permission.HEALTH_READ)
@of_own_client("notes")
def notes(head: FileHead, now: datetime) -> ResponseReturnValue:
    """All notes, the newest first."""
    with transaction():
        found = client_history.notes_of(head.person.id, by=desk.user(), now=now)
        if not found:
            record_empty("session_notes", head, now)
        return file.page("notes", head, notes=found, rows_of=rows_of, reader=desk.user())


@blueprint.get("/clients/<uuid:client_id>/answers", endpoint="client_answers")
@audience(staff, Permission.HEALTH_READ)
@of_own_client("answers")
def given_answers(head: FileHead, now: datetime) -> ResponseReturnValue:
    """One version of the answers, what changed since the one before, and the way to the others."""
    with transaction():
        sent = answer_versions.sent_by(head.person.id)
        if not sent:
            record_empty("submissions", head, now)
            return file.page("answers", head, sent=sent, chosen=None)
        index = _index(len(sent))
        chosen = answer_versions.version(sent, index)
        for submission in (chosen.submission, *chosen.earlier):
            _record(submission, head, now)
        return file.page(
            "answers",
            head,
            sent=sent,
            index=index,
            chosen=chosen.submission,
            earlier=chosen.earlier,
            changes=list(changes(chosen)),
            read=answers.read_panels(chosen.submission.answers, {}, chosen.submission.as_group or ()),
            safety=safety_of(chosen.submission.outcome),
            level_flags=LEVEL_FLAGS,
        )


def changes(version: AnswerVersion) -> list[tuple[str, str, str]]:
    """What a version gives otherwise than before, as (title, before, now), in everyday words."""
    now = version.submission.answers
    names = (*version.changed, *version.no_longer)
    rows = (
        (_title(name), _words(name, version.before.get(name)), _words(name, now.get(name))) for name in names
    )
    return [row for row in rows if row[0] and row[1] != row[2]]


def _title(name: str) -> str:
    if name.startswith(FLAG_PREFIX):
        flag = RED_FLAGS.get(name.removeprefix(FLAG_PREFIX))
        return flag.title if flag else ""
    return FIELDS[name].title if name in FIELDS else ""


def _words(name: str, value: Any) -> str:
    if value is None:
        return "not given"
    if name.startswith(FLAG_PREFIX):
        return {"yes": "Yes", "no": "No", "unsure": "Not sure"}.get(value, "not given")
    return answers.words(FIELDS[name], value) if name in FIELDS else ""


def _index(count: int) -> int:
    """The place of the version that is asked for; versions are numbered from 1, the oldest."""
    asked = request.args.get("version", "")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 4 else count
    return count - min(max(1, number), count)


@blueprint.get("/clients/<uuid:client_id>/documents", endpoint="client_documents")
@audience(staff, Permission.HEALTH_READ)
@of_own_client("documents")
def sent_documents(head: FileHead, now: datetime) -> ResponseReturnValue:
    """Letters and reports that the client sent or staff added; opening one is recorded by itself."""
    with transaction():
        record_empty("documents", head, now)
        return file.page("documents", head, documents=documents.of_client(head.person.id))


def _record(submission: Submission, head: FileHead, now: datetime) -> None:
    audit.record(
        audit.by_user(desk.user().id),
        "read",
        submission,
        client_id=head.person.id,
        purpose=client_history.PURPOSE,
        fields=tuple(sorted({name.split(".")[0] for name in submission.answers})),
        now=now,
    )


def record_empty(table: str, head: FileHead, now: datetime) -> None:
    """A look at a list, or at a tab that holds nothing: that there is nothing is known now, too."""
    audit.record(
        audit.by_user(desk.user().id),
        "read",
        subject_type=table,
        client_id=head.person.id,
        purpose=client_history.PURPOSE,
        now=now,
    )
