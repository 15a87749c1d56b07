"""Screening beyond single rules: levels, dispositions, unsure answers, and what several rules change together."""

from clinic.guidance.engine import Disposition, Level, Pressure, screen
from clinic.guidance.facts import Facts


def test_levels_compare_by_severity_and_not_by_the_alphabet() -> None:
    assert Level.OK < Level.CAUTION < Level.THERAPIST_REVIEW < Level.REFER < Level.URGENT
    assert max(Level) is Level.URGENT
    assert Level.URGENT >= Level.REFER > Level.THERAPIST_REVIEW
    assert Level.CAUTION <= Level.CAUTION
    assert not Level.OK > Level.CAUTION
    assert [level for level in Level if level.stops] == [Level.REFER, Level.URGENT]


def test_nothing_fired_is_ok_and_says_so() -> None:
    outcome = screen(Facts())
    assert (outcome.level, outcome.disposition, outcome.fired) == (Level.OK, None, ())
    assert outcome.heading == "You can book"


def test_rules_stand_in_table_order_with_unsure_answers_last() -> None:
    outcome = screen(
        Facts.of(
            {
                "mood": "marked",
                "medications": ["anticoagulant"],
                "today": ["fever"],
                "red_flags": ["weight_loss"],
                "red_flags_unsure": ["cough_sneeze_worse", "saddle_numbness"],
            }
        )
    )
    assert outcome.rules == (
        "R02",
        "R03",
        "T01",
        "C19",
        "unsure:saddle_numbness",
        "unsure:cough_sneeze_worse",
    )


def test_a_flag_answered_both_yes_and_unsure_counts_as_yes() -> None:
    outcome = screen(Facts.of({"red_flags": ["weight_loss"], "red_flags_unsure": ["weight_loss"]}))
    assert outcome.rules == ("R02",)


def test_an_emergency_says_whom_to_call_first() -> None:
    outcome = screen(Facts.of({"red_flags": ["chest_pain_breathless"]}))
    assert outcome.disposition is Disposition.EMERGENCY
    assert outcome.heading == "Call {emergency_number} or go to an emergency department now"
    assert "We have not booked an appointment." in outcome.say[0]


def test_unsure_about_an_urgent_sign_asks_for_a_doctor_today() -> None:
    outcome = screen(Facts.of({"red_flags_unsure": ["leg_clot_signs"]}))
    assert (outcome.level, outcome.disposition) == (Level.REFER, Disposition.DOCTOR)
    assert any("speak to a doctor or an advice line today" in sentence for sentence in outcome.say)


def test_a_doctor_is_asked_for_without_that_sentence_when_all_is_sure() -> None:
    outcome = screen(Facts.of({"red_flags": ["weight_loss"], "red_flags_unsure": ["urinary_flank"]}))
    assert not any("today" in sentence for sentence in outcome.say)
    assert not any("advised you against" in sentence for sentence in outcome.say)


def test_advice_against_massage_is_said_back() -> None:
    outcome = screen(Facts.of({"clinician_seen": "yes_advised_against"}))
    assert any("advised you against massage" in sentence for sentence in outcome.say)


def test_a_postponement_says_when_to_come_and_not_to_see_a_doctor() -> None:
    ill = screen(Facts.of({"today": ["contagious_illness"]}))
    drunk = screen(Facts.of({"today": ["alcohol_or_drugs"]}))
    assert ill.heading == drunk.heading == "Please come another day"
    assert "well for 48 hours" in ill.say[0]
    assert "another day" in drunk.say[0]
    assert not any("doctor" in sentence for sentence in (*ill.say, *drunk.say))


def test_each_bookable_level_has_words_of_its_own() -> None:
    headings = {
        screen(Facts.of(answers)).heading
        for answers in ({}, {"age_years": 80}, {"age_years": 17}, {"red_flags": ["weight_loss"]})
    }
    assert len(headings) == 4


def test_the_stricter_cap_wins_and_names_its_rule() -> None:
    outcome = screen(
        Facts.of({"medications": ["antiplatelet"], "diagnoses": ["fibromyalgia"], "age_years": 80})
    )
    assert (outcome.cap, outcome.capped_by) == (Pressure.LIGHT, "C17")
    assert screen(Facts.of({"past_reaction": "bruised", "age_years": 80})).capped_by == "C20"


def test_every_rule_that_excludes_a_type_is_named_with_a_reason() -> None:
    outcome = screen(Facts.of({"medications": ["anticoagulant"], "age_years": 80}))
    by = [(exclusion.modality, exclusion.rule) for exclusion in outcome.exclusions]
    assert by == [
        ("deep_tissue", "T01"),
        ("deep_tissue", "C21"),
        ("mechanical_impulse", "T01"),
        ("mechanical_impulse", "C21"),
    ]
    texts = {exclusion.rule: exclusion.text for exclusion in outcome.exclusions}
    assert texts["T01"] == "Left out for your safety: Blood-thinning medicine."
    deep = next(exclusion for exclusion in outcome.exclusions if exclusion.rule == "C21")
    assert deep.text == "Left out because pressure is kept to medium: Age 75 or more."


def test_minuses_do_not_add_up() -> None:
    outcome = screen(Facts.of({"medications": ["anticoagulant", "antiplatelet"], "pregnancy": "t1"}))
    minuses = {minus.modality: (minus.points, minus.rule) for minus in outcome.minuses}
    assert minuses["trigger_point"] == (-4, "T01")
    assert minuses["acupressure"] == (-6, "T06")
    assert minuses["sports"] == (-4, "T01")


def test_regions_sites_techniques_and_notes_are_collected_once() -> None:
    outcome = screen(
        Facts.of(
            {
                "conditions": ["low_blood_pressure", "hypertension_controlled", "past_clot", "hypermobility"],
                "swelling": "ankles_both_known",
                "pregnancy": "t1",
                "osteoporosis": "severe_or_fragility_fracture",
            }
        )
    )
    assert outcome.avoid == ("leg_left", "leg_right", "abdomen", "whole_legs")
    assert outcome.forbidden == ("tapotement", "vibration", "percussion", "compression", "passive_movement")
    codes = [note.code for note in outcome.notes]
    assert len(codes) == len(set(codes))
    assert outcome.has_note("rise_slowly")
    assert not outcome.has_note("guardian")


def test_a_fired_rule_tells_why_what_changes_and_which_answers() -> None:
    (fired,) = screen(Facts.of({"conditions": ["hypertension_controlled", "joint_replacement"]})).fired[:1]
    assert fired.rule == "C07"
    assert fired.why == "High blood pressure under control, or a stable heart condition"
    assert fired.changes == (
        "Medium pressure at most.",
        "Left out: mechanical impulse therapy.",
        "Not used: tapping (tapotement), vibration or shaking, percussion.",
        "Take a minute before you stand up after the session.",
    )
    assert fired.answers == {"conditions": ["hypertension_controlled"]}
    assert fired.sources == ("NCCIH-S", "default")
    assert "“Conditions” includes" in fired.when


def test_every_kind_of_change_is_put_into_words() -> None:
    pregnant = screen(Facts.of({"pregnancy": "t1"})).fired[0]
    assert "Less suited: acupressure, trigger point therapy." in pregnant.changes
    assert "We avoid: tummy, deep work on the legs." in pregnant.changes
    fragile = screen(Facts.of({"osteoporosis": "severe_or_fragility_fracture"})).fired[0]
    assert any(
        change.startswith("Not used: passive joint movement, percussion") for change in fragile.changes
    )
    ankles = screen(Facts.of({"swelling": "ankles_both_known"})).fired[0]
    assert ankles.changes == ("We avoid: legs.",)


def test_a_missing_clinician_is_shown_as_the_answer_it_counts_as() -> None:
    fired = screen(Facts.of({"limb_symptoms": ["weakness"]})).fired[0]
    assert fired.answers == {"limb_symptoms": ["weakness"], "clinician_seen": "no"}
