"""The copy as one ZIP file: AES-256 as WinZip made it known (AE-2), which 7-Zip, WinZip, Keka and The Unarchiver open.

A ZIP file tells the names of its files without a password, so they say nothing about health: documents are numbered, and
their own names are inside the record.
"""

import base64
import io
import json
from collections.abc import Mapping
from typing import Final
from uuid import UUID

import pyzipper
import sqlalchemy as sa
from sqlalchemy.orm import undefer

from clinic.db import db
from clinic.exports import record as records
from clinic.exports.record import Record
from clinic.intake.documents import Document

RECORD, SCHEMA, FHIR = "record.json", "record.schema.json", "fhir.json"
FOLDER: Final = "documents"


def names_of_documents(record: Record) -> dict[str, str]:
    """Under which name in the copy each document lies, by its id."""
    return {
        one["id"]: f"{FOLDER}/{number}.{_ending(one)}"
        for number, one in enumerate(record["tables"]["documents"], 1)
    }


def _ending(document: Record) -> str:
    """A document is stored as a PDF or as a picture that was encoded anew."""
    return "pdf" if document["is_pdf"] else "jpg"


def zipped(
    record: Record, fhir: Record, page: tuple[str, bytes], documents: Mapping[str, str], password: str
) -> bytes:
    """The ZIP. A document that was deleted since the record was read is left out."""
    target = io.BytesIO()
    with pyzipper.AESZipFile(
        target, "w", compression=pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES
    ) as copy:
        copy.setpassword(password.encode())
        copy.setencryption(pyzipper.WZ_AES, nbits=256)
        copy.writestr(RECORD, _json(record))
        copy.writestr(SCHEMA, _json(records.schema()))
        copy.writestr(FHIR, _json(fhir))
        copy.writestr(*page)
        for document_id, name in documents.items():
            content = _content(UUID(document_id))
            if content is not None:
                copy.writestr(name, content)
    return target.getvalue()


def _json(value: Record) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def _content(document_id: UUID) -> bytes | None:
    """One file at a time, because together they would not fit into memory twice."""
    found = db.session.scalar(
        sa.select(Document).where(Document.id == document_id).options(undefer(Document.content_sealed))
    )
    if found is None:
        return None
    content = base64.b64decode(found.content)
    db.session.expunge(found)
    return content
