"""Questions use the words of the practice's country."""

from clinic.guidance.questions import QUESTIONS
from clinic.guidance.regional import LOCAL_WORDS, in_local_words

SADDLE = QUESTIONS["red_flags.saddle_numbness"].text


def test_the_back_passage_is_british() -> None:
    assert "back passage" in in_local_words(SADDLE, "GB")
    assert "back passage" in in_local_words(SADDLE, "")
    assert "anus" in in_local_words(SADDLE, "CA")
    assert "back passage" not in in_local_words(SADDLE, "US")


def test_every_local_word_stands_in_some_question() -> None:
    for written, _ in LOCAL_WORDS:
        assert any(written in question.text for question in QUESTIONS.values()), written


def test_a_stable_numbness_of_years_is_not_asked_for() -> None:
    question = QUESTIONS["red_flags.saddle_numbness"]
    assert "new numbness" in question.text
    assert "for years" in question.help
