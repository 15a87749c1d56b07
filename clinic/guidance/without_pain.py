"""The questions that name somebody's pain, as they are asked of somebody who told us that they have no back pain now.

Each says the same sign in a sentence that holds without a pain. Where a sign belongs to back pain, it asks about any that comes and
goes, so that a "no" to pain now hides nothing.
"""

from dataclasses import replace
from typing import Final

from clinic.guidance.questions import FLAG_PREFIX, Question

TEXTS: Final = {
    f"{FLAG_PREFIX}bladder_bowel_change": "Lately, has it become harder to pass urine or to hold it, or to feel or control your "
    "bowels?",
    f"{FLAG_PREFIX}sexual_function_change": "Lately, have you lost feeling in your private parts, or had new trouble with sex, such "
    "as with erections or orgasm?",
    f"{FLAG_PREFIX}major_trauma": "Have you had back or neck pain since a serious accident, a fall from a height or a hard blow?",
    f"{FLAG_PREFIX}fever_unwell": "Do you have a fever or shivering, or do you feel seriously unwell?",
    f"{FLAG_PREFIX}night_rest_pain": "Do you ever have back pain that is there all the time, whatever position you rest in, or that "
    "gets worse at night?",
    f"{FLAG_PREFIX}small_fall": "Have you had back or neck pain since a fall or a knock, even a small one?",
    f"{FLAG_PREFIX}wakes_late_at_night": "Does pain wake you in the second half of the night?",
    f"{FLAG_PREFIX}cough_sneeze_worse": "Does it hurt in your back or a leg when you cough, sneeze or strain?",
    "diagnoses": "Has anyone ever given you a name for something wrong with your back?",
    "clinician_seen": "Has a doctor or physiotherapist looked at any of this?",
    "psfs": "Which everyday activities are hard for you?",
}
HELPS: Final = {
    f"{FLAG_PREFIX}saddle_numbness": "“New” means it began in the last weeks or months. Do not count something your doctor has known "
    "about for years and that has not got worse.",
    f"{FLAG_PREFIX}sexual_function_change": "",
}


def reworded(question: Question) -> Question:
    """The question for somebody without back pain now."""
    return replace(
        question,
        text=TEXTS.get(question.field, question.text),
        help=HELPS.get(question.field, question.help),
    )
