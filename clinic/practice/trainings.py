"""Trainings beyond the usual licence: what a therapist's `skills` can name, and what people call each of them.

Some types of massage need one (`Modality.special_training`), and so does a client who is pregnant or gave birth lately.
"""

from typing import Final

from clinic.guidance.knowledge import MODALITIES

PRENATAL: Final = "prenatal"
"""Massage during pregnancy and in the weeks after a birth. It is no type, so no treatment names it."""

NAMES: Final = {
    **{each.id: each.special_training for each in MODALITIES.values() if each.special_training is not None},
    PRENATAL: "massage in pregnancy",
}
"""Every training that something requires, by the code that `Therapist.skills` stores."""
