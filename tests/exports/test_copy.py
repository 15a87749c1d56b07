"""A copy of everything about one client: complete, valid for other programs, readable, and closed to whoever lacks the password."""

import io
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import jsonschema_rs
import pikepdf
import pytest
import pyzipper
import sqlalchemy as sa
from fhir.resources.R4B.bundle import Bundle
from flask import Flask
from PIL import ImageFile
from pydantic import BaseModel

from clinic import demo
from clinic.accounts import data_exports
from clinic.accounts.models import Client
from clinic.booking.models import Appointment, State
from clinic.db import Base, db
from clinic.exports import archive, belonging, building, fhir, page
from clinic.exports import record as records
from clinic.intake.documents import Document
from tests.conftest import undone
from tests.make import Make

NOW = datetime(2031, 6, 11, 17, 5, tzinfo=UTC)
SCHEMA = Path(__file__).parents[2] / "docs" / "client-record.schema.json"
NOT_LISTED = {
    "Observation.status": {"corrected", "entered-in-error"},
}
"""Codes of a required value set that the package names only as `+`, by https://hl7.org/fhir/R4B/valueset-observation-status.html."""


@pytest.fixture(scope="module")
def demo_records(app: Flask) -> list[dict[str, Any]]:
    """The record of every client of the demo practice."""
    with undone(app):
        demo.load(NOW)
        visit = db.session.scalars(sa.select(Appointment).where(Appointment.state == State.REQUESTED)).first()
        assert visit is not None
        visit.state, visit.decide_by = State.DECLINED, None
        person = db.session.scalars(sa.select(Client)).first()
        assert person is not None
        person.family_name = "O'Brien & “Söhne” <b>"
        db.session.add(_document(person.id))
        db.session.commit()
        found = db.session.scalars(sa.select(Client.id).order_by(Client.id)).all()
        # Plain values, so that other tests may have a practice of their own.
        return [records.read(one, NOW) for one in found]


def _document(client_id: UUID) -> Document:
    document = Document(
        client_id=client_id, is_pdf=True, pages=1, size_bytes=9, sent_from="portal", consent_version="1",
        sent_at=NOW, counts_from=NOW,
    )  # fmt: skip
    document.content, document.name = "JVBERi0xLjcK", "MRI of my back.pdf"
    return document


class _Anything:
    """Stands for the values of a field that has no required value set."""

    def __contains__(self, value: object) -> bool:
        return True


def wrong_codes(model: BaseModel) -> Iterator[str]:
    """What the package does not check by itself: codes of required value sets, and lists that need an entry."""
    here = type(model).__name__
    for name, field in type(model).model_fields.items():
        meta = field.json_schema_extra or {}
        assert isinstance(meta, dict)
        allowed = meta.get("enum_values")
        known = (
            [*allowed, *NOT_LISTED.get(f"{here}.{name}", ())] if isinstance(allowed, list) else _Anything()
        )
        value = getattr(model, name, None)
        if meta.get("element_required") and value in (None, []):
            yield f"{here}.{name} is missing"
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, BaseModel):
                yield from wrong_codes(one)
            elif one is not None and one not in known:
                yield f"{here}.{name} is {one}"


def test_the_bundles_of_all_demo_clients_are_valid(demo_records: list[dict[str, Any]]) -> None:
    kinds: set[str] = set()
    for record in demo_records:
        bundle = fhir.bundle(record, archive.names_of_documents(record))
        parsed = Bundle.model_validate(json.loads(json.dumps(bundle)))
        assert list(wrong_codes(parsed)) == []
        urls = [entry["fullUrl"] for entry in bundle["entry"]]
        assert len(urls) == len(set(urls))
        referred = set(_references(bundle))
        assert referred <= set(urls), "a reference leads to nothing in the bundle"
        kinds |= {entry["resource"]["resourceType"] for entry in bundle["entry"]}
    assert kinds >= {
        "Patient", "Appointment", "QuestionnaireResponse", "Observation", "CarePlan", "DocumentReference", "Provenance",
    }  # fmt: skip


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for one in value.values():
            yield from _references(one)
    elif isinstance(value, list):
        for one in value:
            yield from _references(one)


def test_a_wrong_code_is_found(demo_records: list[dict[str, Any]]) -> None:
    record = next(one for one in demo_records if one["tables"]["appointments"])
    bundle = fhir.bundle(record, archive.names_of_documents(record))
    visit = next(
        one["resource"] for one in bundle["entry"] if one["resource"]["resourceType"] == "Appointment"
    )
    visit["status"] = "nonsense"
    assert list(wrong_codes(Bundle.model_validate(bundle))) == ["Appointment.status is nonsense"]


def test_the_demo_has_clients_of_several_kinds(demo_records: list[dict[str, Any]]) -> None:
    tables = [one["tables"] for one in demo_records]
    assert any(not one["submissions"] for one in tables)
    assert any(one["plans"] and one["session_notes"] for one in tables)
    assert any(visit["state"] == "declined" for one in tables for visit in one["appointments"])
    assert any(one["documents"] for one in tables)
    assert any("'" in one["clients"][0]["family_name"] for one in tables)


def test_records_follow_the_published_schema(demo_records: list[dict[str, Any]]) -> None:
    published = json.loads(SCHEMA.read_text("utf-8"))
    assert published == records.schema(), "run `python -m tests.exports.schema`"
    schema = jsonschema_rs.validator_for(published, validate_formats=True)
    for record in demo_records:
        schema.validate(json.loads(json.dumps(record)))
    changed = {**demo_records[0], "made_at": "yesterday"}
    assert not schema.is_valid(changed)


def test_pages_of_all_demo_clients_can_be_made(demo_records: list[dict[str, Any]], app: Flask) -> None:
    with app.app_context():
        pages = [page.html(record) for record in demo_records]
        german = json.loads(json.dumps(demo_records[0]))
        german["tables"]["clients"][0]["language"] = "de"
        pages.append(page.html(german))
    assert any("O&#39;Brien &amp; “Söhne” &lt;b&gt;" in one for one in pages)
    assert "Notizen zu Ihren Behandlungen" in pages[-1], "in the client’s language"


def test_every_table_that_leads_to_a_client_is_in_the_copy_or_left_out_for_a_reason() -> None:
    leads = {"clients"}
    while True:
        more = {
            table.name
            for table in Base.metadata.tables.values()
            if any(key.column.table.name in leads for key in table.foreign_keys)
        } - leads
        if not more:
            break
        leads |= more
    known = {one.model.__tablename__ for one in belonging.BELONGING} | set(belonging.LEFT_OUT)
    assert leads - known == set()
    assert known - leads == {"audit_entries"}, "it names the client without a foreign key"


def test_the_copy_opens_with_its_password_alone(app: Flask, make: Make) -> None:
    person = make.client(given_name="Siobhán", family_name="O’Brien-D'Arcy")
    db.session.add(_document(person.id))
    make.practice()
    export, password = data_exports.ask(
        person.id, by_staff=None, contact_id=None, actor="system", now=make.NOW
    )
    db.session.commit()
    building.build_data_exports()
    stored = make.refreshed(export)
    assert stored.ready_at is not None
    assert stored.password is None
    assert stored.encrypted is not None
    assert b"Siobh" not in stored.encrypted
    assert b"MRI" not in stored.encrypted, "names in a ZIP are readable without the password"
    with pyzipper.AESZipFile(io.BytesIO(stored.encrypted)) as copy:
        *others, readable = sorted(copy.namelist(), key=lambda name: name in ("record.pdf", "record.html"))
        assert sorted(others) == ["documents/1.pdf", "fhir.json", "record.json", "record.schema.json"]
        with pytest.raises(RuntimeError):
            copy.read("record.json")
        copy.setpassword(b"wrong")
        with pytest.raises(RuntimeError):
            copy.read("record.json")
        copy.setpassword(password.encode())
        record = json.loads(copy.read("record.json"))
        assert record["tables"]["clients"][0]["family_name"] == "O’Brien-D'Arcy"
        assert record["tables"]["documents"][0]["name"] == "MRI of my back.pdf"
        assert copy.read("documents/1.pdf") == b"%PDF-1.7\n"
        if readable == "record.pdf":
            made = pikepdf.open(io.BytesIO(copy.read(readable)))
            assert "/StructTreeRoot" in made.Root, "it can be read aloud"
            assert not ImageFile.LOAD_TRUNCATED_IMAGES, "half a picture stays no picture in this process"


def test_without_pango_the_page_to_read_is_html(
    demo_records: list[dict[str, Any]], app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Missing:
        def __init__(self, **_: Any) -> None:
            raise OSError("cannot load library 'libpango-1.0-0'")

    stand_in = ModuleType("weasyprint")
    stand_in.HTML = Missing  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "weasyprint", stand_in)
    with app.app_context():
        name, content = page.written(demo_records[0])
    assert name == "record.html"
    assert content.startswith(b"<!doctype html>")


def test_a_copy_holds_nobody_else(app: Flask, make: Make) -> None:
    make.practice()
    ada, bob = make.client(), make.client(given_name="Bob", mail="bob@client.example")
    make.submission(who=bob)
    record = records.read(ada.id, make.NOW)
    assert "Bob" not in json.dumps(record)
    assert str(bob.id) not in json.dumps(record)
