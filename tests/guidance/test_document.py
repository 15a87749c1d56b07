"""docs/guidance.md says what the rules say."""

from tests.guidance import document


def test_the_tables_of_the_document_are_those_of_the_rules() -> None:
    text = document.DOCUMENT.read_text(encoding="utf-8")
    assert document.written(text) == text


def test_the_document_has_every_table() -> None:
    text = document.DOCUMENT.read_text(encoding="utf-8")
    for name in document.TABLES:
        assert f"<!-- begin {name} -->" in text
