"""The questionnaire: which pages come, what an answer means, what is missing, what does not fit together."""

import pytest
from hypothesis import given

from clinic.guidance import questionnaire, schedule
from clinic.guidance.engine import screen
from clinic.guidance.facts import Facts, InvalidFacts
from clinic.guidance.fields import FIELDS, FieldKind
from clinic.guidance.levels import Level
from clinic.guidance.questionnaire import PartStanding, UnknownPage, UnreadableAnswer
from clinic.guidance.questions import (
    CONSENT_QUESTION,
    DAY_OF_VISIT_FIELDS,
    PAGES,
    PARTS,
    QUESTIONS,
    SHORT_SAFETY_FIELDS,
)
from clinic.guidance.red_flags import ASKED_FLAGS, RED_FLAGS
from tests.guidance import people
from tests.guidance.people import Answers

IN_PAIN: Answers = {"back_pain_now": "yes", "age_years": 40}
NO_PAIN: Answers = {"back_pain_now": "no", "age_years": 40}


def slugs(answers: Answers) -> list[str]:
    return [page.slug for page in questionnaire.pages(answers)]


def fields_asked(answers: Answers) -> set[str]:
    return {
        question.field
        for page in questionnaire.pages(answers)
        for question in page.questions
        if questionnaire.asked(question, answers)
    }


def test_every_field_with_a_question_is_asked_once_and_each_warning_sign_by_itself() -> None:
    asked = [question.field for page in PAGES for question in page.questions]
    assert len(asked) == len(set(asked))
    assert {name for name in asked if not name.startswith(("red_flags.", "own_words."))} == {
        name for name, field in FIELDS.items() if field.text
    } - {CONSENT_QUESTION.field}
    assert {field.removeprefix("red_flags.") for field in QUESTIONS if field.startswith("red_flags.")} == set(
        RED_FLAGS
    )


def test_parts_come_in_order_with_safety_before_any_further_health_question() -> None:
    order = list(dict.fromkeys(page.part for page in PAGES))
    assert order == ["A", "B", "D", "C", "E", "F", "G", "H"] == [part.code for part in PARTS]


def test_red_flags_stand_alone_on_five_pages_urgent_ones_first() -> None:
    pages = [page for page in PAGES if any(q.kind is FieldKind.RED_FLAG for q in page.questions)]
    assert [len(page.questions) for page in pages] == [4, 4, 5, 5, 5]
    assert all(q.kind is FieldKind.RED_FLAG for page in pages for q in page.questions)
    asked = [q.field.removeprefix("red_flags.") for page in pages for q in page.questions]
    assert asked == list(ASKED_FLAGS)


def test_a_red_flag_offers_yes_no_and_unsure_and_none_is_optional() -> None:
    for code, flag in RED_FLAGS.items():
        question = QUESTIONS[f"red_flags.{code}"]
        assert [option.code for option in question.options] == ["yes", "no", "unsure"]
        assert question.text == flag.question
        assert questionnaire.required(question, {})


def test_a_question_is_asked_after_pages_it_depends_on_and_required_by_what_stands_before_it() -> None:
    asked, before = {"consent_health_data"}, {"consent_health_data"}
    for page in PAGES:
        for question in page.questions:
            assert question.shown is None or set(question.shown.fields) <= asked, question.field
            assert question.required_if is None or set(question.required_if.fields) <= before, question.field
            before.add(question.field.split(".")[0])
        asked |= before


def test_each_page_of_signs_says_what_it_is_about() -> None:
    headings = [page.heading for page in PAGES if page.part == "D" and len(page.questions) > 1]
    assert len(set(headings)) == len(headings) == 5


@pytest.mark.parametrize(
    ("field", "folded_at_most"), [("conditions", Level.THERAPIST_REVIEW), ("diagnoses", Level.CAUTION)]
)
def test_what_stops_a_booking_by_itself_is_never_folded_away(field: str, folded_at_most: Level) -> None:
    folded = {option.code for option in FIELDS[field].further_options}
    assert folded
    assert "none" not in folded
    for code in folded:
        assert screen(Facts.of({field: [code]})).level <= folded_at_most, code


def test_consent_comes_before_the_pages_and_the_confirmations_come_last() -> None:
    assert CONSENT_QUESTION.field not in {q.field for page in PAGES for q in page.questions}
    assert {q.field for q in PAGES[-1].questions} == {
        "understood_not_diagnosis",
        "accuracy_confirmed",
    }


def test_pages_have_their_own_names_and_a_heading_where_they_hold_several_questions() -> None:
    assert len({page.slug for page in PAGES}) == len(PAGES)
    for page in PAGES:
        questions = [question for question in page.questions if question.kind is not FieldKind.OWN_WORDS]
        assert len(questions) == 1 or page.heading, page.slug


def test_without_pain_nobody_is_asked_about_it() -> None:
    asked = fields_asked(NO_PAIN)
    assert not asked & {
        "pain_areas",
        "pain_duration",
        "radiation",
        "muscle_findings",
        "peg_pain",
        "onset_triggers",
    }
    assert {"limb_symptoms", "diagnoses", "clinician_seen", "stress_level", "swelling", "psfs"} <= asked
    assert "where" not in slugs(NO_PAIN)
    assert "scores" not in slugs(NO_PAIN)


def test_with_pain_all_of_it_is_asked() -> None:
    assert {"pain_areas", "pain_avg_nrs", "pain_duration", "radiation", "peg_pain"} <= fields_asked(IN_PAIN)


@pytest.mark.parametrize(
    ("field", "shown_for", "hidden_for"),
    [
        ("guardian_consent", {"age_years": 17}, {"age_years": 18}),
        ("sport_context", {"activity_level": "regular"}, {"activity_level": "light"}),
        ("sport_context", {"activity_level": "athlete"}, {}),
        ("sport_context", {"onset_triggers": ["dance"]}, {"onset_triggers": ["fall"]}),
        ("limb_symptom_trend", {"limb_symptoms": ["tingling"]}, {"limb_symptoms": []}),
        ("limb_symptom_trend", {"limb_symptoms": ["long_standing_known"]}, {}),
        ("diagnoses_past", {"diagnoses": ["sciatica"]}, {"diagnoses": []}),
        ("pregnancy", {"sex_at_birth": "female"}, {"sex_at_birth": "male"}),
        ("pregnancy", {}, {"age_years": 61}),
        ("pregnancy", {"age_years": 60}, {"age_years": 9}),
        ("pregnancy", {"age_years": 10}, {"age_years": 75}),
        ("pregnancy_high_risk", {"pregnancy": "t1"}, {"pregnancy": "unsure"}),
        ("pregnancy_high_risk", {"pregnancy": "t3"}, {"pregnancy": "postnatal_lt_6w"}),
        ("skin_areas", {"skin_issues": ["bruise"]}, {"skin_issues": []}),
        ("past_reaction", {"massage_experience": "some"}, {"massage_experience": "never"}),
    ],
)
def test_follow_up_questions_are_asked_of_those_they_concern(
    field: str, shown_for: Answers, hidden_for: Answers
) -> None:
    assert questionnaire.asked(QUESTIONS[field], shown_for)
    assert not questionnaire.asked(QUESTIONS[field], hidden_for)


def test_bones_must_be_answered_from_fifty_or_with_steroids() -> None:
    bones = QUESTIONS["osteoporosis"]
    assert questionnaire.asked(bones, {"age_years": 30})
    assert not questionnaire.required(bones, {"age_years": 49})
    assert questionnaire.required(bones, {"age_years": 50})
    assert questionnaire.required(bones, {"age_years": 30, "medications": ["long_term_steroid"]})


def test_next_and_previous_pages_skip_pages_that_are_not_asked() -> None:
    assert slugs({"age_years": 40})[:2] == ["you", "usual-day"]
    assert slugs({"age_years": 15})[:2] == ["you", "guardian"]
    assert (page := questionnaire.previous_page("arms-and-legs", NO_PAIN)) is not None
    assert page.slug == "today"
    assert questionnaire.previous_page("you", {}) is None


def test_an_unknown_page_is_refused() -> None:
    for ask in (questionnaire.page, questionnaire.page_of):
        with pytest.raises(UnknownPage):
            ask("nowhere")
    with pytest.raises(UnknownPage):
        questionnaire.previous_page("nowhere", {})


def test_a_field_leads_to_its_page() -> None:
    assert questionnaire.page_of("red_flags.weight_loss").slug == "safety-3"
    assert questionnaire.page_of("pain_avg_nrs").slug == "pain"


def test_progress_shows_eight_parts_and_the_place_in_one() -> None:
    progress = questionnaire.progress("today", IN_PAIN)
    assert progress.place == "Safety check · 6"
    assert [part.title for part, _ in progress.parts] == [
        "About you",
        "Why you are coming",
        "Safety check",
        "Your back",
        "Health",
        "What you like",
        "Starting scores",
        "Consent",
    ]
    standings = [standing for _, standing in progress.parts]
    assert standings == [PartStanding.DONE] * 2 + [PartStanding.HERE] + [PartStanding.AHEAD] * 5


def test_progress_counts_only_pages_that_are_asked() -> None:
    assert questionnaire.progress("activities", NO_PAIN).of == 1
    assert questionnaire.progress("activities", IN_PAIN).of == 2
    assert questionnaire.progress("guardian", {"age_years": 40}).number == 2


def test_hiding_a_question_clears_its_answer_and_what_hangs_on_it() -> None:
    answers: Answers = {
        **NO_PAIN,
        "pain_areas": ["neck"],
        "onset_triggers": ["dance"],
        "sport_context": "after_event",
        "stress_level": 3,
        "shoe_size": 43,
    }
    assert questionnaire.cleared(answers) == {**NO_PAIN, "stress_level": 3}


def test_clearing_keeps_what_is_still_asked() -> None:
    answers: Answers = {
        **IN_PAIN,
        "pain_areas": ["neck"],
        "consent_health_data": "yes",
        "red_flags.weight_loss": "no",
    }
    assert questionnaire.cleared(answers) == answers


def test_a_past_name_that_is_no_longer_given_is_dropped() -> None:
    answers: Answers = {"diagnoses": ["scoliosis"], "diagnoses_past": ["sciatica", "scoliosis"]}
    assert questionnaire.cleared(answers)["diagnoses_past"] == ["scoliosis"]
    assert "diagnoses_past" not in questionnaire.cleared({"diagnoses": [], "diagnoses_past": ["sciatica"]})


def test_only_names_that_were_given_can_be_past() -> None:
    question = QUESTIONS["diagnoses_past"]
    offered = questionnaire.offered(question, {"diagnoses": ["sciatica", "scoliosis"]})
    assert [option.code for option in offered] == ["sciatica", "scoliosis", "none"]
    with pytest.raises(UnreadableAnswer):
        questionnaire.read(question, ["fibromyalgia"], {"diagnoses": ["sciatica"]})


def test_the_question_about_past_names_stays_when_all_of_them_are_past() -> None:
    answers: Answers = {"diagnoses": ["sciatica"], "diagnoses_past": ["sciatica"]}
    assert questionnaire.asked(QUESTIONS["diagnoses_past"], answers)
    assert questionnaire.cleared(answers) == answers


def test_red_flags_are_folded_into_facts() -> None:
    facts = questionnaire.facts_of(
        {"red_flags.weight_loss": "yes", "red_flags.fever_unwell": "unsure", "red_flags.urinary_flank": "no"}
    )
    assert facts.many("red_flags") == frozenset({"weight_loss"})
    assert facts.many("red_flags_unsure") == frozenset({"fever_unwell"})


def test_past_names_do_not_hold_now() -> None:
    facts = questionnaire.facts_of({"diagnoses": ["sciatica", "scoliosis"], "diagnoses_past": ["sciatica"]})
    assert facts.many("diagnoses") == frozenset({"scoliosis"})
    assert facts.many("diagnoses_past") == frozenset({"sciatica"})


def test_answers_no_page_can_have_given_are_refused() -> None:
    with pytest.raises(InvalidFacts):
        questionnaire.facts_of({"red_flags.headless": "yes"})
    with pytest.raises(InvalidFacts):
        questionnaire.facts_of({"red_flags.weight_loss": "perhaps"})
    with pytest.raises(InvalidFacts):
        questionnaire.facts_of({"red_flags.weight_loss": ["yes"]})


def test_a_contradiction_names_both_answers_and_asks_to_look_again() -> None:
    found = questionnaire.contradictions({"pain_areas": ["leg_left"], "radiation": "none"})
    assert [(item.rule, item.fields) for item in found] == [("X01", ("pain_areas", "radiation"))]
    assert "look at both" in found[0].text
    assert questionnaire.contradictions({"pain_areas": ["neck"], "radiation": "none"}) == ()


@pytest.mark.parametrize(
    ("field", "raw", "value"),
    [
        ("age_years", ["41"], 41),
        ("age_years", [" 41 "], 41),
        ("pain_avg_nrs", ["0"], 0),
        ("mood", ["mild"], "mild"),
        ("mood", [], None),
        ("mood", [""], None),
        ("session_minutes_pref", ["45"], 45),
        ("conditions", ["none"], []),
        ("conditions", ["asthma", "epilepsy"], ["asthma", "epilepsy"]),
        ("pain_areas", ["neck", "leg_left"], ["neck", "leg_left"]),
        ("muscle_findings", ["none"], []),
        ("onset_triggers", ["none_obvious"], ["none_obvious"]),
        ("modalities_liked", [], None),
        ("visit_goals", ["sleep", "posture", "mobility"], ["sleep", "posture", "mobility"]),
        ("red_flags.weight_loss", ["unsure"], "unsure"),
        ("understood_not_diagnosis", ["yes"], "yes"),
        ("psfs", ["lifting my child", "3", "", "", "walking", "10"], None),
        ("psfs", ["", "", "", ""], None),
        ("psfs", [], None),
    ],
)
def test_what_a_form_posts_is_read(field: str, raw: list[str], value: object) -> None:
    if field == "psfs" and any(raw):
        value = [{"activity": "lifting my child", "score": 3}, {"activity": "walking", "score": 10}]
    assert questionnaire.read(QUESTIONS[field], raw) == value


@pytest.mark.parametrize(
    ("field", "raw", "sentence"),
    [
        ("age_years", [""], "Enter your age in years."),
        ("age_years", ["forty"], "using digits only"),
        ("age_years", ["41.5"], "using digits only"),
        ("age_years", ["-1"], "using digits only"),
        ("age_years", ["٤١"], "using digits only"),
        ("age_years", ["41", "42"], "using digits only"),
        ("age_years", ["9" * 5000], "using digits only"),
        ("age_years", ["111"], "from 0 to 110"),
        ("stress_level", ["11"], "from 0 to 10"),
        ("stress_level", [], "Choose a number for your stress"),
        ("activity_level", [], "Choose how active you are."),
        ("activity_level", ["lazy"], "one of the answers"),
        ("activity_level", ["light", "regular"], "one of the answers"),
        ("conditions", [], "Tick the illnesses"),
        ("conditions", ["asthmatic"], "from the answers"),
        ("conditions", ["none", "asthma"], "but not both"),
        ("onset_triggers", ["none_obvious", "fall"], "but not both"),
        ("visit_goals", ["sleep", "posture", "mobility", "prevention"], "up to 3"),
        ("pain_areas", [], "Tick every place where it hurts"),
        ("red_flags.weight_loss", [], "whether you have lost weight"),
        ("red_flags.weight_loss", ["perhaps"], "one of the answers"),
        ("accuracy_confirmed", [], "Tick that your answers are correct"),
        ("psfs", ["", "3"], "Write the activity"),
        ("psfs", ["walking", ""], "Choose a score"),
        ("psfs", ["walking"], "Choose a score"),
        ("psfs", ["walking", "11"], "Choose a score"),
        ("psfs", ["x" * 81, "3"], "up to 80 letters"),
        ("psfs", ["a", "1", "b", "2", "c", "3", "d", "4"], "up to 3 activities"),
    ],
)
def test_what_cannot_be_read_is_answered_with_a_sentence(field: str, raw: list[str], sentence: str) -> None:
    with pytest.raises(UnreadableAnswer) as refused:
        questionnaire.read(QUESTIONS[field], raw)
    assert sentence in refused.value.sentence
    assert refused.value.sentence.endswith(".")


def test_every_question_that_must_be_answered_says_what_to_do_in_words_of_its_own() -> None:
    asked = [question for question in QUESTIONS.values() if not question.optional or question.required_if]
    said = [question.blank for question in asked]
    assert len(asked) > 70
    assert [question.field for question in asked if not question.blank.endswith(".")] == []
    assert len(set(said)) == len(said)
    assert {text.split()[0] for text in said} == {"Choose", "Enter", "Say", "Select", "Tick"}
    assert QUESTIONS["pain_duration"].blank == "Select how long you have had this pain."


def test_each_page_of_the_safety_check_names_its_subject() -> None:
    headings = [page.heading for page in questionnaire.PAGES if page.slug.startswith("safety-")]
    assert len(headings) == 5
    assert len(set(headings)) == 5
    words = [set(heading.lower().replace(",", "").split()) - {"and", "pain"} for heading in headings]
    assert all(not one & other for one in words for other in words if one is not other)


def test_a_duty_that_depends_on_answers_is_minded_when_reading() -> None:
    bones = QUESTIONS["osteoporosis"]
    assert questionnaire.read(bones, [], {"age_years": 30}) is None
    with pytest.raises(UnreadableAnswer):
        questionnaire.read(bones, [], {"age_years": 60})


def test_answers_are_shown_in_words() -> None:
    assert questionnaire.in_words("pain_duration", "gt_12w") == "Over 12 weeks"
    assert questionnaire.in_words("conditions", ["asthma", "epilepsy"]) == "Asthma; Epilepsy"
    assert questionnaire.in_words("conditions", []) == "None of these"
    assert questionnaire.in_words("pain_areas", []) == "None"
    assert questionnaire.in_words("stress_level", 3) == "3 of 10"
    assert questionnaire.in_words("age_years", 41) == "41"
    assert questionnaire.in_words("session_minutes_pref", 45) == "45 minutes"
    assert questionnaire.in_words("red_flags.weight_loss", "unsure") == "Unsure"
    assert questionnaire.in_words("psfs", [{"activity": "walking", "score": 4}]) == "walking: 4 of 10"
    assert questionnaire.in_words("psfs", []) == "None"


def test_what_is_asked_again_are_fields_of_the_questionnaire() -> None:
    assert set(SHORT_SAFETY_FIELDS) < set(DAY_OF_VISIT_FIELDS) <= set(QUESTIONS)
    assert {"today", "medications", "pregnancy"} <= set(SHORT_SAFETY_FIELDS)
    assert sum(field.startswith("red_flags.") for field in SHORT_SAFETY_FIELDS) == 23


def test_labels_of_a_question_come_from_its_options() -> None:
    assert QUESTIONS["mood"].label("marked") == "A lot"
    assert QUESTIONS["age_years"].label(41) == "41"


@people.unhurried
@given(people.people)
def test_clearing_twice_changes_nothing_more_and_leaves_only_what_is_asked(answers: Answers) -> None:
    kept = questionnaire.cleared(answers)
    assert questionnaire.cleared(kept) == kept
    assert all(questionnaire.asked(QUESTIONS[field], kept) for field in kept)


@people.unhurried
@given(people.people)
def test_no_follow_up_survives_the_answer_it_hangs_on(answers: Answers) -> None:
    kept = questionnaire.cleared(answers)
    if kept.get("back_pain_now") != "yes":
        assert not {"pain_areas", "pain_avg_nrs", "radiation", "peg_pain"} & set(kept)
    if "limb_symptoms" not in kept or not kept["limb_symptoms"]:
        assert "limb_symptom_trend" not in kept


def test_what_hangs_on_nothing_is_decided_without_the_answers_before_it() -> None:
    asked = schedule.questions(tuple(schedule.Instrument))
    before: dict[str, object] = {"activity_now_1": 4, "reaction": "none"}
    assert [questionnaire.read(question, [], before) for question in asked if question.optional] == [
        None for question in asked if question.optional
    ]
