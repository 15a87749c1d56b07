"""The owner allows websites, and copies what goes onto them."""

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.accounts.models import AuditEntry
from clinic.db import db
from clinic.practice.models import Practice
from tests.make import Make
from tests.visitor import Visitor, as_staff

PATH = "/staff/settings/website"
BASE = "http://localhost:8000"


@pytest.fixture
def page(app: Flask, make: Make) -> Visitor:
    make.offering(name="Swedish <massage>", slug="swedish")
    make.practice(name='Alder "Lane" <b>')
    return Visitor(as_staff(app, make.user(roles=["owner"]))).open(PATH)


def websites() -> list[str]:
    return db.session.get_one(Practice, 1, populate_existing=True).websites


def test_without_a_website_the_page_says_what_to_do_first(page: Visitor) -> None:
    assert "No website yet" in page.text
    assert "data-lumbar" not in page.text
    assert f'href="{BASE}/book"' in page.text


def test_a_website_is_allowed_and_the_frame_can_be_copied(page: Visitor) -> None:
    page.press(
        "Save the websites", websites="https://www.Alderlane.example/contact\n\nhttps://alderlane.example"
    )
    assert websites() == ["https://www.alderlane.example", "https://alderlane.example"]
    assert f'src="{BASE}/embed"' in page.text
    assert f'src="{BASE}/embed/booking.js"' in page.text
    entry = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "change")).one()
    assert entry.fields == ["websites"]
    page.press("Save the websites", websites="")
    assert websites() == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (
            "https://ok.example\nhttp://www.alderlane.example",
            "“http://www.alderlane.example”: Every website has to",
        ),
        ("https://*.example", "“https://*.example”: Write each address"),
        ("https://a.example;script-src *", "Write each address"),
        ("<script>alert(1)</script>", "Write each address"),
        ("\n".join(f"https://w{number}.example" for number in range(11)), "At most 10 websites"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_typed_is_lost(page: Visitor, typed: str, said: str) -> None:
    page.press("Save the websites", websites=typed)
    assert page.answer.status_code == 422
    assert said in page.text
    assert typed.splitlines()[-1] in page.text
    assert "<script>alert" not in page.answer.text
    assert websites() == []


def test_what_is_copied_holds_the_practices_name_as_text(page: Visitor) -> None:
    assert 'title="' not in page.text
    page.press("Save the websites", websites="https://www.alderlane.example")
    assert 'title="Book a session at Alder &#34;Lane&#34; &lt;b&gt;"' in page.text


def test_the_snippets_begin_with_the_treatment_and_language_that_were_chosen(page: Visitor) -> None:
    page.press("Save the websites", websites="https://www.alderlane.example")
    page.open(f"{PATH}?treatment=swedish&lang=de")
    assert f'src="{BASE}/embed/swedish?lang=de"' in page.text
    assert "Termin bei Alder" in page.text
    page.open(f"{PATH}?treatment=%22%3E%3Cscript%3E&lang=xx")
    assert f'src="{BASE}/embed"' in page.text


def test_two_owners_do_not_overwrite_each_other(app: Flask, make: Make, page: Visitor) -> None:
    other = Visitor(as_staff(app, make.user(roles=["owner"], email="second@alderlane.example"))).open(PATH)
    other.press("Save the websites", websites="https://other.example")
    page.press("Save the websites", websites="https://mine.example")
    assert page.answer.status_code == 409
    assert websites() == ["https://other.example"]


def test_before_there_is_a_practice_the_page_leads_there(app: Flask, make: Make) -> None:
    nobody = Visitor(as_staff(app, make.user(roles=["owner"])))
    assert nobody.open(PATH).path == "/staff/settings/practice"
