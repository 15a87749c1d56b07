"""The list of German medical terms: what it says was mended stands in the catalogue, and what it says stands there does."""

from pathlib import Path

import pytest
from flask import Flask

from clinic import language
from clinic.guidance.fields import FIELDS
from clinic.language.health_texts import health_text

LIST = Path(__file__).parent.parent / "docs" / "german-medical-terms.md"


def said(app: Flask, field: str, code: str) -> str:
    with app.app_context(), language.speaking("de"):
        return health_text(FIELDS[field].label(code))


def test_what_keeps_platelets_apart_is_not_called_what_thins_the_blood(app: Flask) -> None:
    assert (
        said(app, "medications", "antiplatelet") == "Tabletten, die das Verklumpen der Blutplättchen hemmen"
    )
    catalogue = (Path(language.FOLDER) / "health" / "de.po").read_text()
    assert "Verklumpen des Blutes" not in catalogue


@pytest.mark.parametrize(
    ("field", "code"),
    [
        *(
            ("diagnoses", code)
            for code in ("herniated_disc", "sciatica", "spinal_stenosis", "osteoarthritis")
        ),
        *(("conditions", code) for code in ("infection_cellulitis", "kidney_failure")),
        *(("medications", code) for code in ("antiplatelet", "long_term_steroid", "immunosuppressant")),
        *(
            ("diagnoses", code)
            for code in ("spondylolisthesis", "inflammatory_arthritis", "vertebral_fracture_old")
        ),
    ],
)
def test_the_list_says_what_clients_read(app: Flask, field: str, code: str) -> None:
    words = said(app, field, code).partition(" länger als")[0]
    assert words in LIST.read_text(), "a changed term is checked again, and its row changed with it"
