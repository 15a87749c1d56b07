"""Questions about what the client likes and can do."""

from typing import Final

from clinic.guidance.fields.declaration import NONE_OF_THESE, YES_NO, Field, FieldKind, choices
from clinic.guidance.knowledge import MODALITIES

_MODALITY_NAMES: Final = tuple((modality.id, modality.name) for modality in MODALITIES.values())

WHAT_YOU_LIKE: Final = (
    Field(
        name="pressure_preference",
        kind=FieldKind.ONE,
        title="Pressure",
        text="What pressure do you like?",
        blank="Select what pressure you like.",
        options=choices(
            ("light", "Light"), ("medium", "Medium"), ("firm", "Firm"), ("none", "No preference")
        ),
    ),
    Field(
        name="clothing_preference",
        kind=FieldKind.ONE,
        title="Clothing",
        text="Would you rather stay clothed?",
        blank="Select whether you would rather stay clothed.",
        help="You are always covered, except for the area being worked on.",
        options=choices(("undress_ok", "Fine to undress"), ("stay_clothed", "I would rather stay clothed")),
    ),
    Field(
        name="massage_experience",
        kind=FieldKind.ONE,
        title="Massage before",
        text="Have you had massage before?",
        blank="Choose whether you have had massage before.",
        options=choices(("never", "Never"), ("some", "A few times"), ("regular", "Regularly")),
    ),
    Field(
        name="past_reaction",
        kind=FieldKind.ONE,
        title="Felt afterwards",
        text="How did you feel after earlier massages?",
        blank="Select how you felt after your earlier massages.",
        options=choices(
            ("none", "Fine"),
            ("sore_1_2_days", "Sore for a day or two"),
            ("bruised", "Bruised"),
            ("felt_worse", "Worse than before"),
        ),
    ),
    Field(
        name="approach_interest",
        kind=FieldKind.MANY,
        title="Like to try",
        text="Anything you would like to try?",
        options=choices(
            ("essential_oils", "Scented oils"),
            ("acupressure_points", "Pressure on points (acupressure)"),
            ("very_gentle_still_hands", "Very gentle, still hands"),
            ("device_vibration", "A vibrating device"),
            ("stretching", "Stretching"),
            NONE_OF_THESE,
        ),
        optional=True,
    ),
    Field(
        name="modalities_liked",
        kind=FieldKind.MANY,
        title="Types enjoyed before",
        text="Types you have enjoyed before?",
        options=choices(*_MODALITY_NAMES),
        optional=True,
    ),
    Field(
        name="modalities_disliked",
        kind=FieldKind.MANY,
        title="Types not wanted",
        text="Types you do not want?",
        help="We will not suggest these.",
        options=choices(*_MODALITY_NAMES),
        optional=True,
    ),
    Field(
        name="touch_concern",
        kind=FieldKind.ONE,
        title="Touch can be difficult",
        text="Is being touched sometimes difficult for you?",
        help="You decide what is touched; you can stop at any moment. You do not have to say why.",
        options=YES_NO,
        optional=True,
    ),
    Field(
        name="avoid_areas",
        kind=FieldKind.MANY,
        title="Areas to leave alone",
        text="Areas you want left alone?",
        options=choices(
            ("head", "Head"),
            ("neck", "Neck"),
            ("shoulders", "Shoulders"),
            ("upper_back", "Upper back"),
            ("lower_back", "Lower back"),
            ("hip_buttock", "Hip or buttock"),
            ("legs", "Legs"),
            ("arms", "Arms"),
            ("feet", "Feet"),
            ("abdomen", "Tummy"),
        ),
        optional=True,
    ),
    Field(
        name="session_minutes_pref",
        kind=FieldKind.ONE,
        title="Length",
        text="Preferred length?",
        options=choices(
            ("30", "30 minutes"), ("45", "45 minutes"), ("60", "60 minutes"), ("90", "90 minutes")
        ),
        numeric=True,
        optional=True,
    ),
    Field(
        name="frequency_possible",
        kind=FieldKind.ONE,
        title="How often",
        text="How often could you come?",
        options=choices(
            ("one_off", "Once"),
            ("weekly", "Every week"),
            ("fortnightly", "Every two weeks"),
            ("monthly", "Every month"),
        ),
        optional=True,
    ),
    Field(
        name="other_care",
        kind=FieldKind.MANY,
        title="Other care",
        text="What else are you doing for your back?",
        blank="Tick what else you do for your back, or that it is nothing else.",
        help="Massage works best alongside movement and any care your doctor advises.",
        options=choices(
            ("exercise_programme", "Exercises I was given"),
            ("physiotherapy", "Physiotherapy"),
            ("doctor", "A doctor"),
            ("medication", "Medicine"),
            ("other", "Something else"),
            ("none", "Nothing else"),
        ),
    ),
    Field(
        name="home_help",
        kind=FieldKind.ONE,
        title="Help at home",
        text="Is there someone at home who could help with gentle massage?",
        options=YES_NO,
        optional=True,
    ),
)
