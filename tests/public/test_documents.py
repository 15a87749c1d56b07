"""Letters and reports: sent by a client, checked, sealed, read by the therapist alone, and taken back while nobody has read them."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from clinic.accounts import audit, signed_links
from clinic.accounts.models import AuditEntry, Client, User
from clinic.booking.models import Appointment, State
from clinic.db import db, transaction
from clinic.intake import documents
from clinic.intake.documents import Document, SentFrom, TooManyDocuments
from clinic.maintenance import periods, sweeps
from clinic.untrusted_files.isolation import CleanFile
from tests.conftest import NOW
from tests.make import Make
from tests.untrusted_files import files
from tests.untrusted_files.clamd import EICAR, clamd
from tests.visitor import Visitor, as_client, as_staff


@pytest.fixture(autouse=True)
def monday_morning(the_clock_says: Callable[[datetime], None]) -> None:
    the_clock_says(NOW)


@dataclass
class Ward:
    """Ada, whom Thea treats, and Bob, whom Theo treats, each with a visit ahead."""

    app: Flask
    make: Make
    ada: Client
    bob: Client
    visit: Appointment
    other: Appointment
    thea: User

    def path(self, visit: Appointment | None = None) -> str:
        """The page for documents of a visit, by its manage link."""
        row = visit or self.visit
        return f"{signed_links.manage_path(row.id, row.link_epoch)}/documents"

    def portal(self, person: Client | None = None) -> Visitor:
        """A client's browser, signed in."""
        who = person or self.ada
        return Visitor(as_client(self.app, who.contacts[0], who))

    def store(self, **changed: object) -> Document:
        """A document that Ada sent, without going through a page."""
        with transaction():
            return documents.add(
                self.ada.id,
                CleanFile(b"%PDF-1.4 secret diagnosis", 1, is_pdf=True),
                **{
                    "name": "hernia.pdf",
                    "sent_from": SentFrom.PORTAL,
                    "actor": audit.by_contact(self.ada.contacts[0].id),
                    "now": NOW,
                    **changed,
                },  # type: ignore[arg-type]
            )


@pytest.fixture
def ward(app: Flask, make: Make) -> Ward:
    make.practice()
    house = make.location()
    users = [make.user(roles=["therapist"], email=f"{name}@a.example") for name in ("thea", "theo")]
    thea, theo = (make.therapist(house, user_id=user.id) for user in users)
    sold = make.treatment(therapists=[thea, theo])
    ada, bob = make.client(mail="ada@c.example"), make.client(mail="bob@c.example", given_name="Bob")
    visit = make.appointment(of=sold, who=ada, therapist=thea)
    other = make.appointment(of=sold, who=bob, therapist=theo)
    return Ward(app, make, ada, bob, visit, other, users[0])


def multipart(content: bytes, name: str, fields: dict[str, str]) -> bytes:
    """The body of a form with a file; the test client would write a large one to the disk."""
    head = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
        for key, value in fields.items()
    )
    head += f'--x\r\nContent-Disposition: form-data; name="document"; filename="{name}"\r\n\r\n'
    return head.encode() + content + b"\r\n--x--\r\n"


def post(
    browser: Visitor, path: str, content: bytes, name: str = "report.pdf", **fields: str
) -> TestResponse:
    """Send one file to an address."""
    browser.path = path
    browser.answer = browser.browser.post(
        path,
        data=multipart(content, name, {"csrf_token": browser.token(), "agree": "y", **fields}),
        content_type="multipart/form-data; boundary=x",
    )
    return browser.answer


def send(
    browser: Visitor, path: str, content: bytes, name: str = "report.pdf", **fields: str
) -> TestResponse:
    """Send one file with the form of a page."""
    return post(browser.open(path), path, content, name, **fields)


def stored() -> list[Document]:
    return list(db.session.scalars(sa.select(Document).order_by(Document.sent_at, Document.id)))


def test_a_report_is_sent_sealed_and_read_by_the_therapist_who_treats_the_client(ward: Ward) -> None:
    browser = ward.portal()
    assert send(browser, "/my/documents", files.armed_pdf(), "Bandscheibe L5.pdf").status_code == 303
    browser.follow()
    assert "Your file has arrived." in browser.text
    assert "Bandscheibe L5.pdf" in browser.text
    (row,) = stored()
    raw = db.session.execute(sa.select(Document.content_sealed, Document.name_sealed)).one()
    assert b"Bandscheibe" not in raw[1]
    assert b"%PDF" not in raw[0]
    therapist = as_staff(ward.app, ward.thea)
    page = Visitor(therapist).open(f"/staff/appointments/{ward.visit.id}")
    assert "Letters and reports" in page.text
    assert "Bandscheibe" not in page.text
    answer = therapist.get(f"/staff/documents/{row.id}")
    assert answer.status_code == 200
    with pikepdf.open(io.BytesIO(answer.data)) as pdf:
        assert len(pdf.pages) == 1
    assert b"JavaScript" not in answer.data
    headers = answer.headers
    assert headers["Content-Type"] == "application/pdf"
    assert headers["Content-Disposition"].startswith('attachment; filename="document-2031-')
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    entries = db.session.execute(
        sa.select(AuditEntry.action, AuditEntry.actor, AuditEntry.client_id, AuditEntry.purpose).where(
            AuditEntry.subject_type == "documents"
        )
    ).all()
    assert [(one.action, one.client_id) for one in entries] == [("add", ward.ada.id), ("read", ward.ada.id)]
    assert entries[1].actor == audit.by_user(ward.thea.id)
    assert "Bandscheibe" not in str(entries)


@pytest.mark.parametrize("roles", [["front_desk"], ["owner"]])
def test_the_desk_and_the_owner_neither_read_nor_learn_of_a_document(ward: Ward, roles: list[str]) -> None:
    row = ward.store()
    browser = as_staff(ward.app, ward.make.user(roles=roles, email="desk@a.example"))
    assert browser.get(f"/staff/documents/{row.id}").status_code == 403
    assert "Letters and reports" not in Visitor(browser).open(f"/staff/appointments/{ward.visit.id}").text
    assert db.session.scalar(sa.select(Document.read_at)) is None


def test_a_therapist_of_others_reads_none_of_it(ward: Ward) -> None:
    row = ward.store()
    theo = db.session.scalars(sa.select(User).where(User.email == "theo@a.example")).one()
    browser = as_staff(ward.app, theo)
    assert browser.get(f"/staff/documents/{row.id}").status_code == 404
    assert "Letters and reports" not in Visitor(browser).open(f"/staff/appointments/{ward.visit.id}").text
    assert db.session.scalar(sa.select(Document.read_at)) is None


def test_a_manage_link_takes_a_file_and_shows_none(ward: Ward) -> None:
    browser = Visitor(ward.app.test_client())
    elsewhere = ward.store()
    assert send(browser, ward.path(), files.photo(), "hernia.jpg").status_code == 303
    browser.follow()
    assert "Your file has arrived." in browser.text
    assert "Photo, sent" in browser.text
    assert "hernia" not in browser.text
    assert "PDF, 1 page" not in browser.text
    row = next(one for one in stored() if one.id != elsewhere.id)
    assert (row.appointment_id, row.counts_from, row.sent_from) == (
        ward.visit.id,
        ward.visit.starts_at,
        "link",
    )
    way = next(link for link in browser.page.all("a") if link.text.startswith("Delete…")).get("href")
    browser.open(way)
    assert browser.heading == "Delete this file?"
    assert "hernia" not in browser.text
    assert len(stored()) == 2, "looking at the question deletes nothing"
    browser.press("Delete the file")
    assert "The file is deleted." in browser.text
    assert [one.id for one in stored()] == [elsewhere.id]


def test_before_a_file_is_deleted_the_portal_asks_and_keeping_it_leads_back(ward: Ward) -> None:
    row = ward.store()
    browser = ward.portal().open(f"/my/documents/{row.id}/remove")
    assert "hernia.pdf" in browser.text
    (kept,) = (link.get("href") for link in browser.page.all("a") if link.text == "Keep it")
    assert "hernia.pdf" in browser.open(kept).text
    browser.open(f"/my/documents/{row.id}/remove").press("Delete the file")
    assert browser.path == "/my/documents"
    assert stored() == []


@pytest.mark.parametrize("way", ["portal", "link"])
def test_a_settled_file_is_not_asked_about(
    ward: Ward, the_clock_says: Callable[[datetime], None], way: str
) -> None:
    if way == "portal":
        row = ward.store()
        as_staff(ward.app, ward.thea).get(f"/staff/documents/{row.id}")
        browser = ward.portal().open(f"/my/documents/{row.id}/remove")
    else:
        row = ward.store(visit=(ward.visit.id, ward.visit.starts_at), sent_from=SentFrom.LINK)
        the_clock_says(ward.visit.starts_at)
        browser = Visitor(ward.app.test_client()).open(f"{ward.path()}/{row.id}/remove")
    assert "It is part of your record now." in browser.text
    assert browser.heading == "Letters and reports"


def test_nobody_is_asked_about_somebody_elses_file(ward: Ward) -> None:
    row = ward.store()
    assert ward.portal(ward.bob).browser.get(f"/my/documents/{row.id}/remove").status_code == 404
    assert ward.app.test_client().get(f"{ward.path()}/{row.id}/remove").status_code == 404


def test_the_page_of_a_visit_leads_to_its_documents_until_it_is_over(
    ward: Ward, the_clock_says: Callable[[datetime], None]
) -> None:
    browser = Visitor(ward.app.test_client())
    manage = ward.path().removesuffix("/documents")
    assert "Send a letter or report" in browser.open(manage).text
    the_clock_says(ward.visit.ends_at)
    assert "Send a letter or report" not in browser.open(manage).text
    assert browser.browser.get(ward.path()).headers["Location"] == manage


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "report.pdf", "This file is empty."),
        (files.zipped(), "report.pdf", "This file is something else."),
        (b"MZ\x90", "photo.jpg", "This file is something else."),
        (b"<script>alert(1)</script>" + files.pdf(), "report.pdf", "This file is something else."),
        (files.pdf(200), "report.pdf", "more than 40 pages"),
        (
            files.pdf(encryption=pikepdf.Encryption(owner="o", user="u")),
            "report.pdf",
            "protected by a password",
        ),
        (files.bomb_pdf, "report.pdf", "could not open this file safely"),
        (files.bomb_png, "scan.png", "could not open this file safely"),
        (b"%PDF-1.7 nothing", "report.pdf", "could not read this file"),
        (b"%PDF-" + b"0" * (10 * 1024 * 1024), "report.pdf", "larger than 10 MB"),
    ],
    ids=["empty", "zip", "exe", "polyglot", "pages", "password", "bomb", "pixels", "broken", "large"],
)
def test_a_file_that_is_not_taken_is_told_why_and_leaves_nothing(
    ward: Ward, content: bytes | Callable[[], bytes], name: str, words: str
) -> None:
    if not isinstance(content, bytes):
        content = content()
    browser = ward.portal()
    assert send(browser, "/my/documents", content, name).status_code == 422
    assert words in browser.text
    assert browser.title.startswith("Error:")
    assert stored() == []


def test_a_photo_with_a_wrong_ending_is_taken_for_what_it_is_and_loses_where_it_was_taken(ward: Ward) -> None:
    for number, content in enumerate((files.photo(), files.heic())):
        assert send(ward.portal(), "/my/documents", content, "../../letter.pdf").status_code == 303
        row = stored()[number]
        assert (row.is_pdf, row.name) == (False, "letter.pdf")
        done = as_staff(ward.app, ward.thea).get(f"/staff/documents/{row.id}")
        assert done.headers["Content-Type"] == "image/jpeg"
        assert files.LATITUDE.encode() not in done.data


def test_nothing_is_sent_without_consent_or_without_a_file(ward: Ward) -> None:
    browser = ward.portal()
    assert send(browser, "/my/documents", files.pdf(), agree="").status_code == 422
    assert "Tick the box if your therapist may read the file." in browser.text
    browser.open("/my/documents").press("Send the file", agree="y")
    assert browser.text.index("My data") < browser.text.index(
        "There is a problem"
    )  # Below the tabs, as elsewhere.
    assert "Choose a file first." in browser.text
    assert stored() == []


def test_a_form_beyond_all_measure_is_refused_before_it_is_read(ward: Ward) -> None:
    assert send(ward.portal(), "/my/documents", b"0" * (21 * 1024 * 1024)).status_code == 413
    assert post(ward.portal().open("/my/letters"), "/my/letters", b"x" * 300_000).status_code == 413
    assert post(ward.portal().open("/my/letters"), "/my/letters", b"x").status_code == 415


def test_a_forged_request_reaches_no_file_of_somebody_else(ward: Ward) -> None:
    row = ward.store(visit=(ward.visit.id, ward.visit.starts_at), sent_from=SentFrom.LINK)
    for browser, path in (
        (ward.portal(ward.bob), f"/my/documents/{row.id}/remove"),
        (Visitor(ward.app.test_client()), f"{ward.path(ward.other)}/{row.id}/remove"),
    ):
        browser.open("/my/documents" if path.startswith("/my") else ward.path(ward.other))
        assert browser.browser.post(path, data={"csrf_token": browser.token()}).status_code == 404
        assert browser.browser.post(path).status_code == 400
    assert len(stored()) == 1
    assert "hernia" not in ward.portal(ward.bob).open("/my/documents").text


def test_what_was_sent_in_the_portal_cannot_be_removed_by_a_link(ward: Ward) -> None:
    row = ward.store()
    browser = Visitor(ward.app.test_client()).open(ward.path())
    answer = browser.browser.post(f"{ward.path()}/{row.id}/remove", data={"csrf_token": browser.token()})
    assert answer.status_code == 404


def test_a_file_that_was_read_stays(ward: Ward) -> None:
    row = ward.store()
    browser = ward.portal().open("/my/documents")
    token = browser.token()
    as_staff(ward.app, ward.thea).get(f"/staff/documents/{row.id}")
    browser.answer = browser.browser.post(f"/my/documents/{row.id}/remove", data={"csrf_token": token})
    assert "It is part of your record now." in browser.follow().text
    assert len(stored()) == 1


def test_a_file_for_a_visit_that_has_begun_stays(
    ward: Ward, the_clock_says: Callable[[datetime], None]
) -> None:
    row = ward.store(visit=(ward.visit.id, ward.visit.starts_at), sent_from=SentFrom.LINK)
    browser = Visitor(ward.app.test_client()).open(ward.path())
    token = browser.token()
    the_clock_says(ward.visit.starts_at)
    browser.answer = browser.browser.post(f"{ward.path()}/{row.id}/remove", data={"csrf_token": token})
    assert "the visit has begun" in browser.follow().text
    assert len(stored()) == 1


@pytest.mark.parametrize(("count", "size"), [(10, 1), (4, 10 * 1024 * 1024)])
def test_one_client_stores_only_so_much(ward: Ward, count: int, size: int) -> None:
    for _ in range(count):
        ward.store()
    db.session.execute(sa.update(Document).values(size_bytes=size))
    db.session.commit()
    with pytest.raises(TooManyDocuments):
        ward.store()
    assert send(ward.portal(), "/my/documents", files.pdf()).status_code == 422
    assert len(stored()) == count


@pytest.fixture
def scanner(app: Flask, tmp_path: Path) -> Iterator[None]:
    """A scanner that is set and runs."""
    with clamd(tmp_path) as (_, address):
        app.config["CLAMD_URL"] = address
        yield
    app.config["CLAMD_URL"] = None


def test_a_file_with_a_virus_is_not_taken(ward: Ward, scanner: None) -> None:
    assert send(ward.portal(), "/my/documents", files.pdf()).status_code == 303
    browser = ward.portal()
    assert send(browser, "/my/documents", files.pdf() + EICAR).status_code == 422
    assert "our virus scanner found something" in browser.text
    assert len(stored()) == 1


def test_nothing_is_taken_while_the_scanner_is_away(ward: Ward, tmp_path: Path) -> None:
    ward.app.config["CLAMD_URL"] = f"unix://{tmp_path}/nowhere"
    try:
        browser = ward.portal()
        assert send(browser, "/my/documents", files.pdf()).status_code == 503
    finally:
        ward.app.config["CLAMD_URL"] = None
    assert "cannot check files for viruses at the moment" in browser.text
    assert stored() == []


def test_a_document_goes_with_its_client(ward: Ward) -> None:
    ward.store()
    db.session.execute(sa.update(Appointment).values(client_id=ward.bob.id))
    for table in ("contacts", "client_sessions"):
        db.session.execute(sa.text(f"DELETE FROM {table} WHERE client_id = '{ward.ada.id}'"))
    db.session.execute(sa.delete(Client).where(Client.id == ward.ada.id))
    assert db.session.scalar(sa.select(sa.func.count(Document.id))) == 0


def test_what_nobody_opened_is_deleted_half_a_year_after_its_visit(
    ward: Ward, the_clock_says: Callable[[datetime], None]
) -> None:
    far = NOW + timedelta(days=30)
    kept = ward.store(visit=(ward.visit.id, far))
    ward.store()
    read = ward.store()
    with transaction():
        documents.read(read, actor=audit.by_user(ward.thea.id), now=NOW)
    the_clock_says(NOW + timedelta(days=periods.unread_days()))
    sweeps.delete_old_drafts()
    assert sorted(one.id for one in stored()) == sorted([kept.id, read.id])


def test_a_request_without_a_visit_or_of_a_hold_finds_nothing(ward: Ward) -> None:
    held = ward.make.appointment(
        of=ward.visit.treatment,
        state=State.HELD,
        starts_at=NOW + timedelta(days=5),
        held_until=NOW + timedelta(minutes=9),
    )
    assert ward.app.test_client().get(ward.path(held)).status_code == 404


def test_the_pages_speak_german(ward: Ward) -> None:
    ward.ada.language = "de"
    db.session.commit()
    said = ward.app.test_client().get(ward.path()).text
    assert "Briefe und Befunde" in said
    assert "nach 180 Tagen gelöscht" in said
