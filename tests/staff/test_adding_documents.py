"""Documents on paper: added by the desk and by therapists, read by therapists alone, taken back while nobody has read them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from clinic.accounts import audit
from clinic.accounts.models import AuditEntry, User
from clinic.booking.models import State
from clinic.db import db, transaction
from clinic.exports import fhir, record
from clinic.intake import documents
from clinic.intake.documents import Document, DocumentKind, SentFrom
from clinic.maintenance import sweeps
from clinic.refusal import NotFound
from clinic.untrusted_files.isolation import CleanFile
from tests.conftest import NOW
from tests.make import Make
from tests.plans.conftest import Scene
from tests.public.test_documents import multipart, stored
from tests.staff.conftest import Browser
from tests.untrusted_files import files
from tests.untrusted_files.clamd import EICAR, clamd
from tests.visitor import Visitor, as_client, token_for
from tests.web.reading import read


@pytest.fixture(autouse=True)
def visited(scene: Scene) -> None:
    """Ada was here, so her therapist treats her."""
    scene.visit(starts_at=NOW - timedelta(days=7), state=State.DONE)


def tab(scene: Scene, rest: str = "") -> str:
    return f"/staff/clients/{scene.ada.id}/documents{rest}"


def send(browser: Browser, scene: Scene, content: bytes, **fields: str) -> TestResponse:
    """Send the form with one file."""
    values = {"csrf_token": token_for(browser.client), "kind": "report", **fields}
    return browser.client.post(
        tab(scene, "/add"),
        data=multipart(content, "Bandscheibe.pdf", values),
        content_type="multipart/form-data; boundary=x",
    )


def added(scene: Scene, by: User) -> Document:
    """A letter that somebody added, without going through the page."""
    with transaction():
        file = CleanFile(b"%PDF-1.4 secret diagnosis", 2, is_pdf=True)
        return documents.add_from_paper(
            scene.ada.id, file, name="scan.pdf", kind=DocumentKind.LETTER, by=by, now=NOW
        )


def clerk_of(make: Make) -> User:
    return make.user(roles=["front_desk"], given_name="Robin", email="robin@a.example")


def test_the_desk_adds_a_scan_and_the_therapist_reads_what_it_is_and_who_added_it(
    scene: Scene, make: Make, sign_in: Callable[[User], Browser], therapist: Browser
) -> None:
    robin = clerk_of(make)
    desk = sign_in(robin)
    assert f'href="{tab(scene, "/add")}"' in desk.get(f"/staff/clients/{scene.ada.id}")
    answer = send(desk, scene, files.armed_pdf())
    assert answer.status_code == 303
    assert answer.headers["Location"] == tab(scene, "/add")
    said = read(desk.get(tab(scene, "/add"))).text
    assert "The document is stored. Therapists of this client can read it." in said
    assert "Report, PDF, 1 page, added by Robin on Monday 3 March 2031, 10:00" in said
    (row,) = stored()
    assert (row.sent_from, row.kind, row.added_by_id, row.consent_version) == (
        "staff",
        "report",
        robin.id,
        None,
    )
    assert b"Bandscheibe" not in row.name_sealed
    seen = read(therapist.get(tab(scene))).text
    assert "Report, PDF, 1 page, added by Robin on Monday 3 March 2031, 10:00" in seen
    assert "Not opened yet." in seen
    content = therapist.look(f"/staff/documents/{row.id}")
    assert content.data.startswith(b"%PDF-")
    assert b"JavaScript" not in content.data
    entries = db.session.execute(
        sa.select(AuditEntry.action, AuditEntry.actor).where(AuditEntry.subject_id == row.id)
    ).all()
    assert [tuple(one) for one in entries] == [
        ("add", audit.by_user(robin.id)),
        ("read", audit.by_user(scene.therapist_user.id)),
    ]


def test_a_therapist_adds_from_the_tab_which_says_first_that_it_is_empty(
    scene: Scene, therapist: Browser
) -> None:
    page = read(therapist.get(tab(scene)))
    assert "No documents yet" in page.text
    assert any(link.get("href") == tab(scene, "/add") for link in page.all("a"))
    answer = send(therapist, scene, files.photo(), kind="picture")
    assert answer.headers["Location"] == tab(scene)
    assert "Picture, photo, added by" in read(therapist.get(tab(scene))).text


def test_the_desk_sees_nothing_but_what_it_added_and_not_even_that_once_it_was_read(
    scene: Scene, make: Make, sign_in: Callable[[User], Browser], therapist: Browser
) -> None:
    robin = clerk_of(make)
    row, other = added(scene, robin), added(scene, scene.therapist_user)
    desk = sign_in(robin)
    assert desk.look(tab(scene)).status_code == 403
    assert desk.look(f"/staff/documents/{row.id}").status_code == 403
    page = desk.get(tab(scene, "/add"))
    assert str(row.id) in page
    assert str(other.id) not in page
    assert desk.post(tab(scene, f"/{other.id}/remove")).status_code == 404
    therapist.look(f"/staff/documents/{row.id}")
    assert "not read yet" not in desk.get(tab(scene, "/add"))
    assert desk.post(tab(scene, f"/{row.id}/remove")).status_code == 404
    assert len(stored()) == 2


def test_a_colleague_adds_what_is_handed_to_them_and_reads_nothing(scene: Scene, colleague: Browser) -> None:
    row = added(scene, scene.therapist_user)
    assert send(colleague, scene, files.pdf()).headers["Location"] == tab(scene, "/add")
    assert str(row.id) not in colleague.get(tab(scene, "/add"))
    assert colleague.look(f"/staff/documents/{row.id}").status_code == 404
    assert colleague.post(tab(scene, f"/{row.id}/remove")).status_code == 404
    closed = colleague.get(f"/staff/clients/{scene.ada.id}/open/documents")
    assert f'href="{tab(scene, "/add")}"' in closed


def test_an_owner_alone_adds_nothing(scene: Scene, make: Make, sign_in: Callable[[User], Browser]) -> None:
    owner = sign_in(make.user(roles=["owner"]))
    assert owner.look(tab(scene, "/add")).status_code == 403
    assert send(owner, scene, files.pdf()).status_code == 403
    assert stored() == []


def test_what_was_added_by_mistake_is_removed_until_somebody_has_read_it(
    scene: Scene, make: Make, sign_in: Callable[[User], Browser], therapist: Browser
) -> None:
    robin = clerk_of(make)
    desk = sign_in(robin)
    first, second, third = (added(scene, robin) for _ in range(3))
    assert "The document is deleted." in desk.done(tab(scene, f"/{first.id}/remove"))
    assert "The document is deleted." in therapist.done(tab(scene, f"/{second.id}/remove"))
    assert "Remove" in therapist.get(tab(scene))
    therapist.look(f"/staff/documents/{third.id}")
    assert "Remove" not in therapist.get(tab(scene))
    assert "so it is part of the record" in therapist.done(tab(scene, f"/{third.id}/remove"))
    assert [one.id for one in stored()] == [third.id]
    deleted = sa.select(AuditEntry.actor).where(AuditEntry.action == "delete").order_by(AuditEntry.at)
    assert list(db.session.scalars(deleted)) == [
        audit.by_user(robin.id),
        audit.by_user(scene.therapist_user.id),
    ]


def test_who_added_it_looks_whether_it_is_the_right_one_for_an_hour(scene: Scene, therapist: Browser) -> None:
    row = added(scene, scene.therapist_user)
    therapist.look(f"/staff/documents/{row.id}")
    assert db.session.scalar(sa.select(Document.read_at)) is None
    assert "Remove" in therapist.get(tab(scene))
    by = audit.by_user(scene.therapist_user.id)
    with transaction():
        documents.read(row, actor=by, now=NOW + documents.CHECKED_WITHIN)
    assert db.session.scalar(sa.select(Document.read_at)) == NOW + documents.CHECKED_WITHIN


def test_staff_remove_nothing_that_the_client_sent(scene: Scene, therapist: Browser) -> None:
    with transaction():
        sent = documents.add(
            scene.ada.id,
            CleanFile(b"%PDF-", 1, is_pdf=True),
            name="own.pdf",
            sent_from=SentFrom.PORTAL,
            actor="test",
            now=NOW,
        )
    assert "Remove" not in therapist.get(tab(scene))
    assert therapist.post(tab(scene, f"/{sent.id}/remove")).status_code == 404
    assert len(stored()) == 1


def test_the_client_neither_sees_nor_removes_it_among_what_they_sent_and_has_it_in_their_copy(
    scene: Scene, app: Flask
) -> None:
    row = added(scene, scene.therapist_user)
    portal = Visitor(as_client(app, scene.ada.contacts[0], scene.ada)).open("/my/documents")
    assert "Nothing sent yet" in portal.text
    token = portal.token()
    assert (
        portal.browser.post(f"/my/documents/{row.id}/remove", data={"csrf_token": token}).status_code == 404
    )
    copied = record.read(scene.ada.id, NOW)
    assert copied["tables"]["documents"][0]["kind"] == "letter"
    (found,) = (
        one["resource"]
        for one in fhir.bundle(copied, {str(row.id): "documents/1.pdf"})["entry"]
        if one["resource"]["resourceType"] == "DocumentReference"
    )
    assert found["type"] == {"text": "Letter"}
    assert found["author"] == [{"display": copied["names"]["users"][str(scene.therapist_user.id)]}]


@pytest.mark.parametrize(
    ("content", "fields", "words"),
    [
        (b"", {}, "This file is empty. Choose it again."),
        (files.zipped(), {}, "This is not a PDF, JPEG, PNG or HEIC."),
        (files.pdf(200), {}, "Add only the pages that matter."),
        (files.bomb_png(), {}, "could not be opened safely"),
        (b"%PDF-" + b"0" * documents.MOST_BYTES, {}, "larger than 10 MB"),
        (files.pdf(), {"kind": ""}, "Choose what it is."),
        (files.pdf(), {"kind": "secret"}, "one of the answers below"),
    ],
    ids=["empty", "zip", "pages", "bomb", "large", "unsaid", "unknown"],
)
def test_what_is_not_stored_is_told_in_words_for_staff_and_what_was_chosen_stays(
    scene: Scene, front_desk: Browser, content: bytes, fields: dict[str, str], words: str
) -> None:
    answer = send(front_desk, scene, content, **fields)
    assert answer.status_code == 422
    page = read(answer.text)
    assert words in page.text
    assert page.one("title").text.startswith("Error:")
    ticked = [one.get("value") for one in page.all("input", name_="kind") if "checked" in one.attributes]
    assert ticked == ([] if fields else ["report"])
    assert stored() == []


def test_the_scanner_is_asked_first(scene: Scene, app: Flask, front_desk: Browser, tmp_path: Path) -> None:
    try:
        app.config["CLAMD_URL"] = f"unix://{tmp_path}/nowhere"
        assert send(front_desk, scene, files.pdf()).status_code == 503
        with clamd(tmp_path) as (_, address):
            app.config["CLAMD_URL"] = address
            assert "the virus scanner found something" in send(front_desk, scene, files.pdf() + EICAR).text
    finally:
        app.config["CLAMD_URL"] = None
    assert stored() == []


@pytest.mark.parametrize("how", ["erased", "merged"])
def test_a_file_for_a_client_who_went_while_it_was_cleaned_is_not_stored(
    scene: Scene, make: Make, how: str
) -> None:
    if how == "erased":
        scene.ada.erased_at = NOW
    else:
        scene.ada.merged_into_id = make.client().id
    db.session.commit()
    with pytest.raises(NotFound):
        added(scene, scene.therapist_user)
    assert stored() == []


def test_only_so_much_is_added_and_it_takes_no_room_from_the_client(
    scene: Scene, front_desk: Browser
) -> None:
    for _ in range(documents.MOST_FILES_ADDED):
        added(scene, scene.therapist_user)
    answer = send(front_desk, scene, files.pdf())
    assert answer.status_code == 422
    assert "40 added files or 40 MB" in answer.text
    with transaction():
        documents.add(
            scene.ada.id, CleanFile(b"%PDF-", 1, is_pdf=True), name="", sent_from=SentFrom.PORTAL, actor="test", now=NOW
        )  # fmt: skip


def test_what_staff_added_stays_though_nobody_opens_it(
    scene: Scene, the_clock_says: Callable[[datetime], None]
) -> None:
    added(scene, scene.therapist_user)
    the_clock_says(NOW + timedelta(days=400))
    sweeps.delete_old_drafts()
    assert len(stored()) == 1


def test_the_database_knows_who_added_what(scene: Scene) -> None:
    row = added(scene, scene.therapist_user)
    for column, value in (("added_by_id", None), ("kind", None), ("sent_from", "portal"), ("kind", "rash")):
        with pytest.raises(sa.exc.IntegrityError), db.session.begin_nested():
            db.session.execute(sa.update(Document).where(Document.id == row.id).values({column: value}))
