"""Each warning sign as one line of a list, for a client who answers them in groups.

A line keeps every part of the sign's question in `clinic.guidance.red_flags`, only as a statement; the question itself stands
below it as soon as it unfolds.
"""

from typing import Final

from clinic.guidance.regional import in_local_words
from clinic.language import ENGLISH, N_, current, gettext

SIGN_ROWS: Final = {
    "saddle_numbness": N_(
        "New numbness or tingling around your private parts, back passage, bottom or inner thighs"
    ),
    "bladder_bowel_change": N_(
        "Since this pain began: harder to pass urine or hold it, or to feel or control your bowels"
    ),
    "sexual_function_change": N_(
        "Since this pain began: no feeling in your private parts, or new trouble with sex"
    ),
    "both_legs_new": N_("New pain, tingling, numbness or weakness in both legs"),
    "leg_weakness_worsening": N_("An arm or leg getting weaker, or a foot that drags or slaps the floor"),
    "walking_or_hand_clumsy": N_("Unsteady on your feet, or clumsy with your hands"),
    "major_trauma": N_("Pain that started with a serious accident, a fall from a height or a hard blow"),
    "sudden_severe_collapse": N_(
        "A sudden, very severe back or tummy pain with faintness, sweating or clammy skin"
    ),
    "chest_pain_breathless": N_("Chest pain, or new shortness of breath"),
    "leg_clot_signs": N_("One calf or leg newly swollen, warm, red or tender"),
    "sudden_head_neck_neuro": N_(
        "A sudden severe neck pain or headache with dizziness, double vision, slurred speech or a drooping face"
    ),
    "cancer_ever": N_("Cancer, now or ever"),
    "weight_loss": N_("Weight loss without trying"),
    "fever_unwell": N_("With this pain: a fever, shivering, or feeling seriously unwell"),
    "night_rest_pain": N_("Pain all the time, whatever position you rest in, or worse at night"),
    "lump_or_deformity": N_("A new lump or swelling in your back, or a back that changed shape"),
    "small_fall": N_("Pain that started after a fall or a knock, even a small one"),
    "thoracic_unexplained": N_("New pain between the shoulder blades that does not change when you move"),
    "pulsing_abdomen": N_("A pulsing in your tummy, like a heartbeat"),
    "urinary_flank": N_(
        "Burning or blood when you pass urine, or pain on one side below the ribs and feeling sick"
    ),
    "immunosuppressed_ivdu": N_(
        "A weakened immune system, a serious infection in the last few weeks, or injected drugs"
    ),
    "wakes_late_at_night": N_("Pain that wakes you in the second half of the night"),
    "cough_sneeze_worse": N_("Pain clearly worse when you cough, sneeze or strain"),
}
"""By the sign's code."""
_WITHOUT_PAIN: Final = {
    "bladder_bowel_change": N_("Lately: harder to pass urine or hold it, or to feel or control your bowels"),
    "sexual_function_change": N_("Lately: no feeling in your private parts, or new trouble with sex"),
    "fever_unwell": N_("A fever, shivering, or feeling seriously unwell"),
}
"""The same for somebody who had no back pain when they answered."""


def sign_row(code: str, country: str, *, in_pain: bool = True) -> str:
    """The line of a sign in the reader's language; in English with the words of this country (ISO 3166).

    `in_pain`: whether it may name the reader's back pain.
    """
    row = SIGN_ROWS[code] if in_pain else _WITHOUT_PAIN.get(code, SIGN_ROWS[code])
    return in_local_words(row, country) if current() == ENGLISH else gettext(row)
