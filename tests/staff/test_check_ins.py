"""Check-ins at the desk: who sees that one waits, who reads it, and how it stops waiting."""

from datetime import timedelta

import sqlalchemy as sa

from clinic.accounts.models import AuditEntry
from clinic.booking.models import State
from clinic.db import db
from clinic.plans import check_ins
from clinic.plans.check_ins import Feeling, Reply
from clinic.plans.models import CheckIn
from tests import make
from tests.plans.conftest import Scene
from tests.staff.conftest import Browser

WORSE = Reply(Feeling.WORSE, is_worried=True)


def given(scene: Scene, reply: Reply = WORSE) -> CheckIn:
    """An answer this morning, after a visit three days ago."""
    visit = scene.visit(starts_at=make.NOW - timedelta(days=3), state=State.DONE)
    answer = check_ins.answer(visit, reply, make.NOW - timedelta(hours=1))
    db.session.commit()
    return answer


def page_of(answer: CheckIn) -> str:
    return f"/staff/appointments/{answer.appointment_id}"


def test_a_bad_answer_stands_on_the_therapists_day_without_saying_what_it_was(
    scene: Scene, therapist: Browser
) -> None:
    answer = given(scene)
    page = therapist.get("/staff").split("<main")[1]
    assert 'id="check-ins">Check-ins' in page
    assert page_of(answer) in page
    assert "worse" not in page.lower()
    looks = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.purpose == "check-ins waiting")).all()
    assert [(look.subject_id, look.actor) for look in looks] == [
        (answer.id, f"user:{scene.therapist_user.id}")
    ]


def test_a_good_answer_waits_for_nobody(scene: Scene, therapist: Browser) -> None:
    answer = given(scene, Reply(Feeling.SAME, is_worried=False))
    assert "Check-ins" not in therapist.get("/staff")
    page = therapist.get(page_of(answer))
    assert "About the same as before the session" in page
    assert "Seen to</button>" not in page


def test_the_visit_shows_the_answer_and_the_look_is_recorded(scene: Scene, therapist: Browser) -> None:
    page = therapist.get(page_of(given(scene)))
    assert "Worse than before the session." in page
    assert "Something worries Ada." in page
    entries = db.session.scalars(
        sa.select(AuditEntry).where(AuditEntry.purpose == "check_in", AuditEntry.action == "read")
    ).all()
    assert [entry.actor for entry in entries] == [f"user:{scene.therapist_user.id}"]


def test_once_seen_to_it_waits_no_more_and_says_what_was_done(scene: Scene, therapist: Browser) -> None:
    answer = given(scene)
    page = therapist.done(f"/staff/check-ins/{answer.id}/seen", done="Called, marker words")
    assert "Called, marker words" in page
    assert "Check-ins" not in therapist.get("/staff")
    kept = make.refreshed(answer)
    assert (kept.seen_by_id, kept.done) == (scene.therapist_user.id, "Called, marker words")
    assert kept.done_sealed is not None
    assert b"marker" not in kept.done_sealed
    assert therapist.post(f"/staff/check-ins/{answer.id}/seen").status_code == 409


def test_too_many_words_are_not_kept_in_part(scene: Scene, therapist: Browser) -> None:
    answer = given(scene)
    page = therapist.done(f"/staff/check-ins/{answer.id}/seen", done="x" * 1001)
    assert "too long" in page
    assert make.refreshed(answer).seen_at is None


def test_the_front_desk_learns_nothing_of_it(scene: Scene, front_desk: Browser) -> None:
    answer = given(scene)
    for path in ("/staff", page_of(answer), "/staff/messages"):
        page = front_desk.get(path).split("<main")[1]
        for hidden in ("Check-ins", "After this visit", "Worse", "worries"):
            assert hidden not in page, (path, hidden)
    assert front_desk.post(f"/staff/check-ins/{answer.id}/seen").status_code == 403


def test_a_colleague_neither_sees_nor_closes_it(scene: Scene, colleague: Browser) -> None:
    answer = given(scene)
    assert "Check-ins" not in colleague.get("/staff")
    assert "After this visit" not in colleague.get(page_of(answer))
    assert colleague.post(f"/staff/check-ins/{answer.id}/seen").status_code == 404


def test_when_the_visits_therapist_never_signs_in_it_waits_for_all(scene: Scene, colleague: Browser) -> None:
    answer = given(scene)
    scene.therapist.user_id = None
    db.session.commit()
    page = colleague.get("/staff")
    assert "Check-ins" in page
    assert "Open with reason" in colleague.get(page_of(answer))
