"""The record of one client as a PDF that a person can read, in the client's language.

WeasyPrint needs Pango of the system. Where that is missing the same page goes into the copy as HTML, which any browser opens.
It fetches nothing: the page has no pictures and no links to files.
"""

import logging
from datetime import datetime
from typing import Any, Final

from flask import current_app
from PIL import ImageFile

from clinic import language
from clinic.exports import record as records
from clinic.exports import words
from clinic.exports.record import Record
from clinic.guidance import own_words
from clinic.intake.answered_parts import parts_of
from clinic.language import reading

log = logging.getLogger(__name__)

VARIANT: Final = "pdf/ua-1"
"""Tagged, so that it can be read aloud."""


class FetchesNothing(Exception):
    """The page asked for a file, which it never does."""


def written(record: Record) -> tuple[str, bytes]:
    """The file's name in the copy, and the file."""
    page = html(record)
    try:
        return "record.pdf", _pdf(page)
    except OSError:
        # What ctypes raises if a library of the system is missing.
        log.warning("Pango is not installed: a copy of a record has a web page instead of a PDF")
        return "record.html", page.encode()


def _pdf(page: str) -> bytes:
    import weasyprint

    # WeasyPrint lets Pillow read pictures that end early, in the whole process; one that somebody sends is refused.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    found: bytes = weasyprint.HTML(string=page, url_fetcher=_fetch_nothing).write_pdf(pdf_variant=VARIANT)
    return found


def _fetch_nothing(url: str, *_: Any, **__: Any) -> Any:
    raise FetchesNothing


def html(record: Record) -> str:
    """The page as HTML, complete in itself."""
    tables, zone = record["tables"], record["zone"]
    with language.speaking(records.language_of(record)):
        # Not by Flask's own way, which gives every template what a request knows.
        return current_app.jinja_env.get_template("exports/record.html").render(
            lang=language.current(),
            practice_name=record["practice"]["name"],
            person=tables["clients"][0],
            contacts=tables["contacts"],
            address=words.lines_of_address(tables["clients"][0]["further"] or {}),
            further=tables["clients"][0]["further"] or {},
            made_at=datetime.fromisoformat(record["made_at"]),
            zone=zone,
            names=record["names"],
            words=words,
            visits=_newest_first(tables["appointments"], "starts_at"),
            answers=[
                (sent, list(parts_of(sent["answers"])), own_words.told(sent["answers"]))
                for sent in _newest_first(tables["submissions"], "submitted_at")
            ],
            notes=list(reversed(words.notes(record))),
            scores=[
                (one, list(words.scores(one["scores"])))
                for one in _newest_first(tables["outcome_entries"], "recorded_at")
            ],
            plans=_newest_first(tables["plans"], "made_at"),
            incidents=_newest_first(tables["incidents"], "signed_at"),
            consents=_newest_first(tables["consents"], "given_at"),
            documents=tables["documents"],
            at=_at,
            day=lambda text: reading.full_date(_at(text), zone),
        )


def _newest_first(rows: list[Record], by: str) -> list[Record]:
    return sorted(rows, key=lambda row: str(row[by]), reverse=True)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
