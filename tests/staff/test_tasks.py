"""Tasks: what waits for whom, that it goes away with its cause, and what the desk does not see of it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from clinic.accounts.models import AuditEntry, HealthGrant, User
from clinic.accounts.permissions import granted
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.messaging.models import Message
from clinic.plans import check_ins
from clinic.plans import queries as plans
from clinic.plans.check_ins import Feeling, Reply
from clinic.tasks import queries as task_queries
from clinic.tasks import services
from clinic.tasks.kinds import TaskReader
from clinic.tasks.models import TaskKind, TaskMark, TaskWords, ToDo
from tests import make
from tests.measuring import statements
from tests.plans.conftest import Scene
from tests.plans.intakes import review
from tests.staff.conftest import Browser
from tests.web.reading import read

LATER = make.NOW + timedelta(days=2)
SignIn = Callable[[User], Browser]


def listed(browser: Browser, query: str = "") -> str:
    """The tasks of a list in words, without what stands around it."""
    return " ".join(one.text for one in read(browser.get(f"/staff/tasks{query}")).all("ol"))


def came(scene: Scene, **columns: object) -> Appointment:
    return scene.visit(starts_at=make.NOW - timedelta(hours=3), state=State.DONE, **columns)


def lost_letter(visit: Appointment) -> Message:
    """A confirmation that could not be delivered."""
    row = Message(
        kind="confirmation",
        subject_id=visit.id,
        recipient_id=visit.id,
        client_id=visit.client_id,
        occasion="r1",
        owed_at=make.NOW - timedelta(hours=2),
        due_at=make.NOW - timedelta(hours=2),
        given_up_at=make.NOW - timedelta(hours=1),
        why="refused",
    )
    db.session.add(row)
    db.session.commit()
    return row


def test_nothing_waits_and_the_page_says_what_will(front_desk: Browser) -> None:
    assert "Nothing waits here" in front_desk.get("/staff/tasks")


def test_a_review_waits_until_it_is_decided(scene: Scene, therapist: Browser) -> None:
    waiting = review(scene.visit(starts_at=LATER))
    page = read(therapist.get("/staff/tasks"))
    assert "Review Ada Sample" in page.one("main").text
    assert any(link.get("href") == f"/staff/reviews/{waiting.id}" for link in page.one("main").all("a"))
    therapist.done(f"/staff/reviews/{waiting.id}/accept", revision=waiting.revision)
    assert "Review Ada" not in listed(therapist)


def test_each_fact_of_a_treatment_is_a_task_of_its_therapist(scene: Scene, therapist: Browser) -> None:
    visit = came(scene)
    check_ins.answer(visit, Reply(Feeling.WORSE, is_worried=True), make.NOW - timedelta(hours=1))
    scene.visit(state=State.REQUESTED, request_reason="plain", starts_at=LATER, decide_by=LATER)
    db.session.commit()
    page = listed(therapist)
    assert "Sign the note of Ada Sample" in page
    assert "Look at the check-in of Ada Sample" in page
    assert "Decide the request of Ada Sample" in page
    assert "worse" not in page.lower()


def test_the_desk_has_what_is_not_clinical_and_sees_nothing_else(scene: Scene, front_desk: Browser) -> None:
    visit = came(scene)
    check_ins.answer(visit, Reply(Feeling.WORSE, is_worried=True), make.NOW - timedelta(hours=1))
    soon = scene.visit(starts_at=make.NOW + timedelta(days=1), who=make.client(given_name="Ben"))
    scene.visit(starts_at=make.NOW - timedelta(hours=6), who=make.client(given_name="Cleo"))
    lost_letter(soon)
    review(scene.visit(starts_at=LATER))
    for query in ("", "?whose=all", "?whose=nobodys"):
        page = listed(front_desk, query)
        assert "Answers missing: Ben Sample" in page
        assert "A message did not arrive: Ben Sample" in page
        assert "Say whether they came: Cleo Sample" in page
        for clinical in ("Review", "check-in", "Sign the note", "Decide the request"):
            assert clinical not in page
    assert front_desk.look(f"/staff/tasks/note/{visit.id}").status_code == 404


def due(kind: TaskKind, visit: Appointment) -> timedelta:
    """How long before a visit a task about it is due."""
    reader = TaskReader(
        user_id=visit.therapist_id,
        permissions=granted(["front_desk"]),
        role_names=frozenset(["front_desk"]),
        backups_are_on=False,
        now=make.NOW,
    )
    return visit.starts_at - task_queries.one(kind, visit.id, reader).due_at


@pytest.mark.parametrize(
    ("notice", "before"),
    [(72, 24), (48, 24), (30, 15), (5, 2.5)],
    ids=["days before", "two days", "a day and a quarter", "today for today"],
)
def test_what_is_missing_before_a_visit_that_was_just_agreed_is_not_late_at_once(
    scene: Scene, front_desk: Browser, notice: float, before: float
) -> None:
    starts_at = make.NOW + timedelta(hours=notice)
    visit = scene.visit(starts_at=starts_at, booked_at=make.NOW, time_agreed_at=make.NOW)
    assert due(TaskKind.ANSWERS, visit) == timedelta(hours=before)
    assert "Late" not in [one.text for one in read(front_desk.get("/staff/tasks")).all("h2")]
    assert "Answers missing: Ada Sample" in listed(front_desk)


def test_a_visit_that_was_moved_to_today_is_counted_from_the_move(scene: Scene) -> None:
    starts_at = make.NOW + timedelta(hours=4)
    visit = scene.visit(starts_at=starts_at, booked_at=make.NOW - timedelta(days=20), time_agreed_at=make.NOW)
    assert due(TaskKind.ANSWERS, visit) == timedelta(hours=2)


def test_a_visit_with_somebody_who_has_left_is_not_late_at_once_either(scene: Scene) -> None:
    visit = scene.visit(starts_at=make.NOW + timedelta(hours=20), booked_at=make.NOW, time_agreed_at=make.NOW)
    scene.therapist.left_on = make.day()
    db.session.commit()
    assert due(TaskKind.LEFT, visit) == timedelta(hours=10)


def test_a_colleague_sees_nothing_of_a_client_who_is_not_theirs(scene: Scene, colleague: Browser) -> None:
    waiting = review(scene.visit(starts_at=LATER))
    assert "Ada" not in listed(colleague, "?whose=all")
    assert colleague.look(f"/staff/tasks/review/{waiting.id}").status_code == 404


def test_who_is_no_therapist_any_more_sees_no_clinical_task_of_their_former_clients(
    scene: Scene, sign_in: SignIn
) -> None:
    visit = came(scene)
    check_ins.answer(visit, Reply(Feeling.WORSE, is_worried=True), make.NOW - timedelta(hours=1))
    review(scene.visit(starts_at=LATER))
    scene.therapist_user.role_names = ["front_desk"]
    db.session.commit()
    page = listed(sign_in(scene.therapist_user), "?whose=all")
    for clinical in ("Review", "check-in", "Sign the note"):
        assert clinical not in page


def test_while_nobody_is_at_the_desk_a_therapist_has_its_tasks(
    scene: Scene, therapist: Browser, sign_in: SignIn
) -> None:
    scene.visit(starts_at=make.NOW + timedelta(days=1))
    assert "Answers missing: Ada Sample" in listed(therapist)
    make.user(roles=["front_desk"])
    assert "Answers missing" not in listed(therapist)
    assert "Answers missing: Ada Sample" in listed(therapist, "?whose=all")


def test_a_task_handed_over_is_the_colleagues_and_opens_the_record_for_a_week(
    scene: Scene, therapist: Browser, colleague: Browser
) -> None:
    waiting = review(scene.visit(starts_at=LATER))
    daniel = db.session.scalars(sa.select(User).where(User.given_name == "Daniel")).one()
    page = therapist.done(
        f"/staff/tasks/review/{waiting.id}/hand-over",
        seen=scene.therapist_user.id,
        to=daniel.id,
        words="Knows her well, marker.",
    )
    assert "Daniel has it now." in page
    assert "Review Ada" not in listed(therapist)
    theirs = listed(colleague)
    assert "Review Ada Sample" in theirs
    assert "Handed over by Ines" in theirs
    assert "Knows her well, marker." in theirs
    assert colleague.look(f"/staff/reviews/{waiting.id}").status_code == 200
    grant = db.session.scalars(sa.select(HealthGrant)).one()
    assert grant.until - grant.granted_at == services.OPENS_FOR
    assert b"marker" not in db.session.scalars(sa.select(TaskWords.text_sealed)).one()
    deeds = set(db.session.scalars(sa.select(AuditEntry.action)))
    assert {"hand_task_over", "open_for_colleague"} <= deeds


def test_taking_a_task_back_closes_the_record_again(
    scene: Scene, therapist: Browser, colleague: Browser
) -> None:
    waiting = review(scene.visit(starts_at=LATER))
    daniel = db.session.scalars(sa.select(User).where(User.given_name == "Daniel")).one()
    at = f"/staff/tasks/review/{waiting.id}"
    therapist.done(f"{at}/hand-over", seen=scene.therapist_user.id, to=daniel.id, words="")
    therapist.done(f"{at}/take-back")
    assert "Review Ada Sample" in listed(therapist)
    assert not plans.treats(daniel.id, scene.ada.id, make.NOW)
    assert colleague.look(f"/staff/reviews/{waiting.id}").status_code == 404


def test_who_opened_a_record_with_a_reason_passes_it_on_to_nobody(
    scene: Scene, therapist: Browser, colleague: Browser
) -> None:
    waiting = review(scene.visit(starts_at=LATER))
    daniel = db.session.scalars(sa.select(User).where(User.given_name == "Daniel")).one()
    third = make.user(roles=["therapist"], given_name="Thora")
    opened = HealthGrant(
        user_id=daniel.id, client_id=scene.ada.id, granted_at=make.NOW, until=make.NOW + timedelta(hours=24)
    )
    opened.reason = "Stands in today."
    db.session.add(opened)
    db.session.commit()
    at = f"/staff/tasks/review/{waiting.id}/hand-over"
    for to in (third, daniel):
        answer = colleague.post(at, seen=scene.therapist_user.id, to=to.id, words="Typed words")
        assert answer.status_code == 400
        assert "Typed words" in answer.get_data(as_text=True)
    assert "Review Ada Sample" in listed(therapist)
    assert db.session.scalars(sa.select(HealthGrant)).all() == [opened]
    assert not plans.treats(third.id, scene.ada.id, make.NOW)


def test_a_hand_over_ends_after_its_week_and_when_the_colleague_leaves(
    scene: Scene, therapist: Browser, colleague: Browser
) -> None:
    waiting = review(scene.visit(starts_at=make.NOW + timedelta(days=9)))
    daniel = db.session.scalars(sa.select(User).where(User.given_name == "Daniel")).one()
    therapist.done(
        f"/staff/tasks/review/{waiting.id}/hand-over", seen=scene.therapist_user.id, to=daniel.id, words=""
    )
    assert "Review Ada" not in listed(therapist)
    mark = db.session.scalars(sa.select(TaskMark)).one()
    mark.assigned_at = make.NOW - services.OPENS_FOR
    db.session.commit()
    assert "Review Ada Sample" in listed(therapist)
    therapist.done(
        f"/staff/tasks/review/{waiting.id}/hand-over", seen=scene.therapist_user.id, to=daniel.id, words=""
    )
    assert "Review Ada" not in listed(therapist)
    daniel.active = False
    db.session.commit()
    assert "Review Ada Sample" in listed(therapist)


def test_a_call_is_due_before_its_visit_and_goes_with_it(scene: Scene, therapist: Browser) -> None:
    visit = scene.visit(starts_at=make.NOW + timedelta(hours=2))
    waiting = review(visit)
    waiting.call_first_at, waiting.call_first_by_id = make.NOW, scene.therapist_user.id
    db.session.commit()
    call = task_queries.one(TaskKind.CALL, waiting.id, tasks_of(scene.therapist_user))
    assert call.due_at == visit.starts_at
    visit.state, visit.cancelled_by = State.CANCELLED, "client"
    visit.cancelled_at = make.NOW
    db.session.commit()
    assert "Call Ada" not in listed(therapist, "?whose=all")


def tasks_of(user: User) -> TaskReader:
    return TaskReader(
        user_id=user.id,
        permissions=granted(user.role_names),
        role_names=frozenset(user.role_names),
        backups_are_on=False,
        now=make.NOW,
    )


def test_a_hand_over_from_an_old_page_or_to_the_wrong_person_loses_nothing(
    scene: Scene, therapist: Browser, colleague: Browser
) -> None:
    waiting = review(scene.visit(starts_at=LATER))
    fritz = make.user(roles=["front_desk"], given_name="Fritz")
    daniel = db.session.scalars(sa.select(User).where(User.given_name == "Daniel")).one()
    at = f"/staff/tasks/review/{waiting.id}/hand-over"
    answer = therapist.post(at, seen=fritz.id, to=daniel.id, words="Typed words")
    assert answer.status_code == 409
    assert "Typed words" in answer.get_data(as_text=True)
    assert therapist.post(at, seen=scene.therapist_user.id, to=fritz.id, words="").status_code == 400
    assert therapist.post(at, seen=scene.therapist_user.id, to="", words="x" * 400).status_code == 400
    assert not db.session.scalars(sa.select(TaskMark)).all()


def test_done_is_only_for_what_cannot_end_by_itself_and_can_be_taken_back(
    scene: Scene, front_desk: Browser, therapist: Browser
) -> None:
    soon = scene.visit(starts_at=make.NOW + timedelta(days=3, hours=5))
    letter = lost_letter(soon)
    page = front_desk.done(f"/staff/tasks/letter/{soon.id}/done")
    assert "Done." in page
    assert "did not arrive" not in listed(front_desk)
    assert "A message did not arrive: Ada Sample" in listed(front_desk, "?whose=done")
    front_desk.done(f"/staff/tasks/letter/{soon.id}/open")
    assert "A message did not arrive: Ada Sample" in listed(front_desk)
    front_desk.done(f"/staff/tasks/letter/{soon.id}/done")
    letter.given_up_at = make.NOW + timedelta(minutes=5)
    db.session.commit()
    assert "A message did not arrive: Ada Sample" in listed(front_desk)
    waiting = review(scene.visit(starts_at=LATER))
    assert therapist.post(f"/staff/tasks/review/{waiting.id}/done").status_code == 409


def test_a_to_do_is_written_down_sealed_and_done(front_desk: Browser) -> None:
    page = front_desk.done("/staff/tasks", text="Order marker oil", due_on="2031-03-05", to="desk")
    assert "Order marker oil" in page
    row = db.session.scalars(sa.select(ToDo)).one()
    assert b"marker" not in row.text_sealed
    assert "18:00" in listed(front_desk)
    front_desk.done(f"/staff/tasks/to_do/{row.id}/done")
    assert "Order marker oil" not in listed(front_desk)


def test_a_to_do_without_words_or_a_day_keeps_what_was_typed(front_desk: Browser) -> None:
    answer = front_desk.post("/staff/tasks", text="Order oil", due_on="next week", to="desk")
    assert answer.status_code == 400
    assert "Order oil" in answer.get_data(as_text=True)
    assert front_desk.post("/staff/tasks", text="", due_on="2031-03-05", to="desk").status_code == 400
    assert front_desk.post("/staff/tasks", text="x", due_on="2031-03-05", to="somebody").status_code == 400


@pytest.mark.parametrize("query", ["?whose=x", "?kind=x", "?page=x"])
def test_a_list_that_does_not_exist_is_not_found(front_desk: Browser, query: str) -> None:
    assert front_desk.look(f"/staff/tasks{query}").status_code == 404


def test_a_word_says_that_nothing_about_health_belongs_there(scene: Scene, front_desk: Browser) -> None:
    soon = scene.visit(starts_at=make.NOW + timedelta(days=1))
    page = front_desk.get(f"/staff/tasks/answers/{soon.id}")
    assert "Nothing about health" in page
    assert "Called at noon" in front_desk.done(f"/staff/tasks/answers/{soon.id}/words", text="Called at noon")
    assert front_desk.post(f"/staff/tasks/answers/{soon.id}/words", text="").status_code == 400


def test_each_look_at_a_clinical_task_is_recorded(scene: Scene, therapist: Browser) -> None:
    waiting = review(scene.visit(starts_at=LATER))
    therapist.get("/staff/tasks")
    looks = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.purpose == "tasks")).all()
    assert [(look.subject_id, look.actor) for look in looks] == [
        (waiting.id, f"user:{scene.therapist_user.id}")
    ]


def test_the_page_costs_no_more_statements_with_more_tasks(scene: Scene, therapist: Browser) -> None:
    def asked() -> int:
        with statements() as sent:
            therapist.get("/staff/tasks")
        return len(sent)

    came(scene)
    few = asked()
    for hours in range(4, 24, 2):
        scene.visit(
            starts_at=make.NOW - timedelta(hours=hours * 24),
            state=State.DONE,
            who=make.client(given_name=f"Client {hours}"),
        )
    assert asked() == few


def test_the_rail_counts_in_one_statement(scene: Scene, therapist: Browser) -> None:
    review(scene.visit(starts_at=LATER))
    came(scene, who=make.client(given_name="Ben"))
    with statements() as sent:
        page = therapist.get("/staff/messages")
    assert len([one for one in sent if "task_marks" in one]) == 1
    assert "Tasks" in page
    assert "(2 waiting)" in page


def test_the_database_keeps_one_mark_a_task_and_no_half_hand_over(scene: Scene) -> None:
    mark = TaskMark(kind=TaskKind.NOTE, subject_id=scene.ada.id, assignee_id=scene.therapist_user.id)
    db.session.add(mark)
    with pytest.raises(IntegrityError, match="assigned_whole"):
        db.session.flush()
    db.session.rollback()


def test_old_words_and_finished_to_dos_are_deleted(scene: Scene) -> None:
    since = make.NOW - timedelta(days=180)
    old = since - timedelta(days=1)
    by = scene.therapist_user
    gone = services.add_to_do("Old", due_at=old, owner_id=None, by=by, now=old)
    stays = services.add_to_do("Open", due_at=old, owner_id=None, by=by, now=old)
    db.session.add(TaskMark(kind=TaskKind.TO_DO, subject_id=gone.id, done_at=old, done_by_id=by.id))
    db.session.flush()
    for old_ones in (services.old_to_dos, services.old_marks):
        old_ones(since).delete()
    assert list(db.session.scalars(sa.select(ToDo.id))) == [stays.id]
    assert not db.session.scalars(sa.select(TaskMark)).all()
