"""Questions about the person and their usual day."""

from typing import Final

from clinic.guidance.fields.declaration import NONE_OF_THESE, YES_NO, Field, FieldKind, choices

ABOUT_YOU: Final = (
    Field(
        name="age_years",
        kind=FieldKind.INTEGER,
        title="Age",
        text="How old are you?",
        why="Some advice and some cautions depend on age.",
        low=0,
        high=110,
    ),
    Field(
        name="sex_at_birth",
        kind=FieldKind.ONE,
        title="Sex registered at birth",
        text="What sex were you registered as at birth?",
        why="It decides whether we ask about pregnancy. If you need our page for a doctor, it is on that too.",
        options=choices(
            ("female", "Female"),
            ("male", "Male"),
            ("intersex", "Intersex"),
            ("prefer_not_say", "I prefer not to say"),
        ),
        optional=True,
    ),
    Field(
        name="guardian_consent",
        kind=FieldKind.ONE,
        title="Parent or guardian agrees",
        text="Is a parent or guardian with you and do they agree to this visit?",
        help="We need this before we can see anyone under 18.",
        options=YES_NO,
    ),
    Field(
        name="occupation_type",
        kind=FieldKind.ONE,
        title="Usual day",
        text="What best describes your usual day?",
        help="Long sitting, lifting and repeated movements all matter for the back.",
        options=choices(
            ("desk", "At a desk"),
            ("driving", "Driving"),
            ("standing", "On my feet"),
            ("manual_lifting", "Lifting or heavy work by hand"),
            ("caring", "Caring for children or other people"),
            ("mixed", "A mix of these"),
            ("student", "School or study"),
            ("retired", "Retired"),
            ("not_working", "Not working at the moment"),
        ),
    ),
    Field(
        name="sitting_hours_per_day",
        kind=FieldKind.INTEGER,
        title="Hours sitting a day",
        text="About how many hours a day do you sit?",
        help="A rough guess is fine.",
        low=0,
        high=24,
    ),
    Field(
        name="activity_level",
        kind=FieldKind.ONE,
        title="How active",
        text="How active are you?",
        help="Choose “Athlete” if you train for events or competitions.",
        options=choices(
            ("none", "Hardly any exercise"),
            ("light", "Light: walks, housework, now and then"),
            ("regular", "Regular: most weeks"),
            ("athlete", "Athlete: I train for events or competitions"),
        ),
    ),
    Field(
        name="life_stage_change",
        kind=FieldKind.MANY,
        title="Changes lately",
        text="Has anything big changed lately?",
        help="Changes in daily life can show up in the back.",
        options=choices(
            ("growth_spurt", "A growth spurt"),
            ("retirement", "Retirement"),
            ("new_baby", "A new baby"),
            ("new_job", "A new job"),
            ("bereavement", "Loss of someone close"),
            ("other", "Something else"),
            NONE_OF_THESE,
        ),
        optional=True,
    ),
    Field(
        name="lifestyle_factors",
        kind=FieldKind.MANY,
        title="Bone strength",
        text="Do any of these apply?",
        why="They affect bone strength. We use them only for tips after a session.",
        options=choices(
            ("smoker", "I smoke or use tobacco"),
            ("low_calcium_or_vitamin_d", "I have been told my calcium or vitamin D is low"),
            NONE_OF_THESE,
        ),
        optional=True,
    ),
)
