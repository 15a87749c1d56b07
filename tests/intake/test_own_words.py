"""A client's own words in drafts and submissions: sealed, raised as a wish for a look, cleared, filled in again."""

import json
from datetime import datetime, timedelta
from types import ModuleType

import pytest
import sqlalchemy as sa

from clinic.accounts.models import Client
from clinic.booking.admission import Agreed, admission_of
from clinic.booking.models import State
from clinic.db import db
from clinic.guidance.levels import Level
from clinic.guidance.own_words import ASKED_LOOK
from clinic.intake import drafts, path, queries, services
from clinic.intake.models import Clearance, RaisedLevel, Submission
from clinic.intake.queries import SafetyStanding
from tests.intake import walk
from tests.intake.walk import BROWSER

pytestmark = pytest.mark.usefixtures("database")

MARKER = "zebrafish"
WORDS = "own_words.conditions"
DAY = timedelta(days=1)


def standing(now: datetime, person: Client | None = None) -> SafetyStanding:
    return queries.safety_standing(
        browser=None if person else BROWSER, client_id=person.id if person else None, now=now, zone="UTC"
    )


def sent(now: datetime, text: str, look: str = "") -> Submission:
    return walk.sent(now, **{WORDS: [text, look]})


def of(person: Client, submission: Submission) -> Submission:
    services.adopt(BROWSER, person.id, submission.submitted_at)
    db.session.flush()
    db.session.expire_all()
    return submission


def cleared(submission: Submission, by: object, now: datetime) -> None:
    row = Clearance(submission_id=submission.id, cleared_by_id=by, cleared_at=now, until=now + 30 * DAY)
    row.rules, row.reason = [ASKED_LOOK], "Read and spoken about."
    db.session.add(row)
    db.session.flush()


def test_words_are_sealed_in_drafts_and_submissions(now: datetime, database: sa.Connection) -> None:
    draft = walk.walk(now, until="medicines", **{WORDS: [MARKER, "yes"]})
    assert draft.answers[WORDS] == {"text": MARKER, "look": True}
    db.session.flush()
    for (raw,) in database.execute(sa.text("SELECT answers_sealed FROM drafts")):
        assert MARKER.encode() not in bytes(raw)
    submission = sent(now, MARKER, "yes")
    assert submission.answers[WORDS] == {"text": MARKER, "look": True}
    for table in ("submissions", "outcomes", "raised_levels", "consents", "audit_entries"):
        for (row,) in database.execute(sa.text(f"SELECT CAST(t AS text) FROM {table} t")):
            assert MARKER not in row, table
            assert MARKER.encode().hex() not in row, table
    assert MARKER not in json.dumps(submission.outcome.explanation)


def test_words_alone_change_no_level(now: datetime) -> None:
    sent(now, MARKER)
    assert standing(now).level is Level.OK
    assert db.session.scalars(sa.select(RaisedLevel)).all() == []


def test_a_wish_for_a_look_counts_as_soon_as_its_page_is_saved(now: datetime) -> None:
    walk.walk(now, until="medicines", **{WORDS: [MARKER, "yes"]})
    assert standing(now).level is Level.THERAPIST_REVIEW


def test_a_wish_for_a_look_makes_a_request_of_a_booking(now: datetime, make: ModuleType) -> None:
    make.practice()
    place = make.location()
    ines = make.therapist(place)
    sold = make.treatment(therapists=[ines], intake="before_booking")
    sent(now, MARKER, "yes")
    admitted = admission_of(
        sold,
        standing(now),
        now + 3 * DAY,
        client_id=make.client().id,
        therapist_id=ines.id,
        agreed=Agreed.ONLINE,
    )
    assert (admitted.state, admitted.reason) == (State.REQUESTED, "level")


def test_a_cleared_wish_covers_the_same_words_and_no_others(now: datetime, make: ModuleType) -> None:
    ada, ines = make.client(), make.user(roles=["therapist"])
    first = of(ada, sent(now, MARKER, "yes"))
    cleared(first, ines.id, now + timedelta(hours=1))
    later = now + 8 * DAY
    assert standing(later, ada).level is Level.OK
    of(ada, sent(later, MARKER, "yes"))
    assert standing(later, ada).level is Level.OK
    of(ada, sent(later + DAY, "other words", "yes"))
    assert standing(later + DAY, ada).level is Level.THERAPIST_REVIEW


def test_a_wish_stands_when_the_short_form_is_answered(now: datetime, make: ModuleType) -> None:
    ada = make.client()
    of(ada, sent(now, MARKER, "yes"))
    later = now + 8 * DAY
    posted = {
        question.field: walk.answer_to(question, {}) for question in services.questions_before_visit({})
    }
    short = services.answer_before_visit(client_id=ada.id, posted=posted, now=later)
    assert short.outcome.level == Level.THERAPIST_REVIEW
    assert WORDS not in short.answers
    assert queries.answers_judged(short)[WORDS]["text"] == MARKER


def test_earlier_words_are_filled_in_to_change(now: datetime, make: ModuleType) -> None:
    ada = make.client()
    of(ada, sent(now, MARKER))
    draft = drafts.start(browser=b"z" * 32, client_id=ada.id, mail=None, now=now + 8 * DAY)
    assert draft.answers[WORDS] == {"text": MARKER, "look": False}


def test_nobody_goes_back_for_words(now: datetime) -> None:
    draft = walk.walk(now, until="pressure")
    draft.answers = {name: value for name, value in draft.answers.items() if not name.startswith("own_words")}
    following = path.next_unanswered(draft.answers)
    assert following is not None
    assert following.slug == "pressure"
