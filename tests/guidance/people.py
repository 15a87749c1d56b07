"""Made-up people for property tests: every answer the questionnaire can hold, in any mixture."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from clinic.guidance.fields import FIELDS, Field, FieldKind

Answers = dict[str, object]

# A busy machine makes examples slow, not wrong; how fast the guidance is has a test of its own.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

_UNASKED = ("red_flags", "red_flags_unsure", "rmdq", "psfs")


def _value(field: Field) -> st.SearchStrategy[object]:
    if field.is_number:
        return st.integers(field.low, field.high)
    codes = [option.code for option in field.options if option.code != "none" or not field.is_list]
    if field.is_list:
        return st.lists(st.sampled_from(codes), max_size=3, unique=True)
    return st.sampled_from([int(code) if field.numeric else code for code in codes])


FLAGS = [option.code for option in FIELDS["red_flags"].options]
_FIELDS = {
    name: _value(field)
    for name, field in FIELDS.items()
    if name not in _UNASKED and field.kind is not FieldKind.CONFIRM
}

people: st.SearchStrategy[Answers] = st.fixed_dictionaries({}, optional=_FIELDS)
"""Anybody, without red flags; most of them meet some safety rule."""

_SAFE = (
    "age_years",
    "conditions",
    "medications",
    "diagnoses",
    "diagnoses_past",
    "today",
    "skin_issues",
    "swelling",
    "pregnancy",
    "pregnancy_high_risk",
    "recent_surgery",
    "osteoporosis",
    "clinician_seen",
    "limb_symptoms",
    "limb_symptom_trend",
    "radiation",
)
bookable: st.SearchStrategy[Answers] = st.fixed_dictionaries(
    {}, optional={name: value for name, value in _FIELDS.items() if name not in _SAFE}
)
"""People whose health answers are left out, so that most of them get a suggestion."""

flags = st.dictionaries(st.sampled_from(FLAGS), st.sampled_from(["yes", "unsure"]), max_size=4)


def with_flags(answers: Answers, given: dict[str, str]) -> Answers:
    """The same person with these red flags answered."""
    return {
        **answers,
        "red_flags": [code for code, said in given.items() if said == "yes"],
        "red_flags_unsure": [code for code, said in given.items() if said == "unsure"],
    }
