"""What the macros say: labels, hints and errors tied together, real buttons, words beside every picture."""

from collections.abc import Callable

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict

from tests.web.gallery import (
    ERROR_CODES,
    PAGE_NAMES,
    Details,
    four_weeks,
    pain_line,
    questions_of,
    refused_details,
)
from tests.web.reading import Element, read

Draw = Callable[..., Element]
FORM = '{% from "macros/form.html" import field, error_summary, buttons, tick %}'
QUESTION = '{% from "macros/question.html" import question, questions, question_summary %}'


@pytest.mark.parametrize("name", PAGE_NAMES)
def test_every_part_renders_with_no_name_undefined_and_every_element_closed(face: Flask, name: str) -> None:
    answer = face.test_client().get(f"/parts/{name}")
    assert answer.status_code == 200
    page = read(answer.text)
    assert len(page.all("h1")) >= 1


@pytest.mark.parametrize("name", PAGE_NAMES)
def test_no_page_holds_an_inline_style_or_handler_or_two_equal_ids(face: Flask, name: str) -> None:
    page = read(face.test_client().get(f"/parts/{name}").text)
    for element in page.below():
        assert element.name != "style"
        assert not element.has("style")
        assert not [attribute for attribute in element.attributes if attribute.startswith("on")]
        assert element.name != "script" or element.has("src")
    ids = [element.get("id") for element in page.below() if element.has("id")]
    assert sorted(set(ids)) == sorted(ids)


@pytest.mark.parametrize("code", ERROR_CODES)
def test_an_error_page_says_what_happened_and_whom_to_call(face: Flask, code: int) -> None:
    answer = face.test_client().get(f"/error/{code}")
    assert answer.status_code == code
    page = read(answer.text)
    assert page.one("h1").text in page.one("title").text
    main = page.one("main")
    assert "905 555 0142" in main.text
    assert "7F3K" in main.text


def test_an_error_page_stands_without_a_practice_or_a_database(drawn: Draw) -> None:
    page = drawn(
        '{% include "errors/503.html" %}',
        practice=None,
        message=None,
        reference=None,
        typed=[],
        now_at=None,
    )
    assert page.one("h1").text == "We cannot reach our calendar right now"
    assert page.one("title").text.endswith("Lumbar")


def test_a_field_reads_its_hint_and_its_error_to_a_screen_reader(drawn: Draw) -> None:
    page = drawn(FORM + "{{ field(form.email) }}", form=refused_details())
    control = page.labelled("E-mail address")
    assert control.get("value") == "hannah.lindqvist@"
    assert control.get("aria-invalid") == "true"
    assert page.described(control) == [
        "For the confirmation and the reminder. Nothing about your health is sent.",
        "Error: Enter an e-mail address like name@example.com",
    ]


def test_a_field_without_fault_says_nothing_about_errors(drawn: Draw) -> None:
    control = drawn(FORM + "{{ field(form.name) }}", form=Details()).labelled("Full name")
    assert not control.has("aria-invalid")
    assert not control.has("aria-describedby")
    assert not control.has("required")
    assert control.get("autocomplete") == "name"


def test_an_optional_field_says_so_in_words(drawn: Draw) -> None:
    assert drawn(FORM + "{{ field(form.phone) }}", form=Details()).labelled("Mobile number (optional)")


def test_radio_buttons_are_a_group_whose_legend_is_the_question(drawn: Draw) -> None:
    page = drawn(FORM + "{{ field(form.pressure, heading=true) }}", form=refused_details())
    group = page.group("What pressure do you like?")
    assert page.one("h1").text == "What pressure do you like?"
    assert [radio.get("value") for radio in group.all("input")] == ["light", "medium", "none"]
    assert page.described(group) == ["Error: Choose one"]


def test_what_was_ticked_is_ticked_again(drawn: Draw) -> None:
    page = drawn(FORM + "{{ field(form.reminders) }}", form=refused_details())
    assert page.labelled("Two hours before").has("checked")
    assert not page.labelled("Two days before").has("checked")


def test_the_error_summary_takes_the_focus_and_leads_to_a_control_for_every_fault(drawn: Draw) -> None:
    page = drawn(
        FORM
        + "{{ error_summary(form) }}{% for f in form %}{% if f.entries is defined %}{% for e in f %}{{ field(e) }}{% endfor %}"
        "{% else %}{{ field(f) }}{% endif %}{% endfor %}",
        form=refused_details(),
    )
    summary = page.one(role="alert")
    assert summary.has("autofocus")
    assert summary.get("tabindex") == "-1"
    links = summary.all("a")
    assert [link.text for link in links] == [
        "Enter your name",
        "Enter an e-mail address like name@example.com",
        "Choose one",
        "Enter a number or leave the row away",
        "Tick to say you have read the policy",
    ]
    for link in links:
        target = page.one(id=link.get("href").removeprefix("#"))
        assert target.name in ("input", "select", "textarea")


def test_a_form_without_faults_has_no_summary(drawn: Draw) -> None:
    form = Details(
        MultiDict({"name": "A", "email": "a@example.com", "pressure": "light", "policy": "y", "room": "1"})
    )
    assert form.validate()
    assert drawn(FORM + "{{ error_summary(form) }}", form=form).below() == []


def test_the_title_of_a_page_with_faults_begins_with_error(face: Flask) -> None:
    assert read(face.test_client().get("/parts/client").text).one("title").text.startswith("Error: ")
    assert not read(face.test_client().get("/error/404").text).one("title").text.startswith("Error")


def test_names_from_people_are_never_read_as_markup(drawn: Draw) -> None:
    form = Details(MultiDict({"name": '"><script>alert(1)</script>'}))
    page = drawn(FORM + "{{ field(form.name) }}", form=form)
    assert page.all("script") == []
    assert page.labelled("Full name").get("value") == '"><script>alert(1)</script>'


def test_a_question_without_an_answer_has_nothing_chosen(drawn: Draw) -> None:
    for q in (
        *questions_of("goals"),
        *questions_of("pain"),
        *questions_of("safety-1"),
        *questions_of("where"),
    ):
        page = drawn(QUESTION + "{{ question(q) }}", q=q)
        assert [control for control in page.all("input") if control.has("checked")] == []


def test_none_of_these_is_chosen_only_after_it_was_answered(drawn: Draw) -> None:
    q = questions_of("conditions")[0]
    untouched = drawn(QUESTION + "{{ question(q, none) }}", q=q).one("input", value="none")
    assert not untouched.has("checked")
    answered = drawn(QUESTION + "{{ question(q, []) }}", q=q).one("input", value="none")
    assert answered.has("checked")
    assert answered.has("data-clears")


def test_a_long_list_stands_under_headings_and_unfolds_for_what_was_ticked(drawn: Draw) -> None:
    q = questions_of("conditions")[0]
    page = drawn(QUESTION + "{{ question(q, ['diabetes']) }}", q=q)
    (folded,) = [one for one in page.all("details") if one.attributes.get("class") != "why"]
    assert not folded.has("open")
    assert {box.get("value") for box in page.all("input")} == {option.code for option in q.options}
    assert [box.get("value") for box in page.all("input")][-1] == "none"
    assert len(page.all(role="group")) == 5
    assert {box.get("value") for box in folded.all("input")} == {option.code for option in q.further_options}
    ticked = drawn(QUESTION + "{{ question(q, ['epilepsy']) }}", q=q).all("details")
    assert [one.has("open") for one in ticked if one.attributes.get("class") != "why"] == [True]


def test_every_region_of_the_figure_ticks_a_checkbox_of_the_list(drawn: Draw) -> None:
    q = questions_of("where")[0]
    page = drawn(QUESTION + "{{ question(q, ['neck']) }}", q=q)
    boxes = {box.get("id"): box.get("value") for box in page.all("input")}
    regions = [label for label in page.all("label") if label.has("data-area")]
    assert {boxes[label.get("for")] for label in regions} == {option.code for option in q.options}
    assert all(boxes[label.get("for")] == label.get("data-area") for label in regions)
    assert page.labelled("Neck").has("checked")


def test_left_is_the_persons_left_in_both_views(drawn: Draw) -> None:
    template = '{% from "macros/figure.html" import FIGURE %}{{ FIGURE.back.regions.arm_left }}|{{ FIGURE.front.regions.arm_left }}'
    behind, before = drawn(template).text.split("|")
    first_x = [float(path.removeprefix("M").split()[0]) for path in (behind, before)]
    assert first_x[0] < 110 < first_x[1]


def test_a_red_flag_is_one_question_with_three_equal_answers(drawn: Draw) -> None:
    flags = questions_of("safety-1")
    page = drawn(QUESTION + "{{ questions(flags, {}, {}, titled=true) }}", flags=flags)
    assert len(page.all("fieldset")) == len(flags)
    for q in flags:
        answers = page.group(q.text).all("input")
        assert [answer.get("value") for answer in answers] == ["yes", "no", "unsure"]
        assert {answer.get("name") for answer in answers} == {q.field}


def test_a_scale_has_eleven_numbered_answers_and_keeps_a_nought(drawn: Draw) -> None:
    q = questions_of("pain")[0]
    page = drawn(QUESTION + "{{ question(q, 0) }}", q=q)
    radios = page.all("input")
    assert [radio.get("value") for radio in radios] == [str(number) for number in range(11)]
    assert [radio.get("value") for radio in radios if radio.has("checked")] == ["0"]
    assert page.labelled("10 worst imaginable")


def test_activities_come_back_in_the_clients_own_words(drawn: Draw) -> None:
    (q,) = questions_of("activities")
    page = drawn(QUESTION + "{{ question(q, [{'activity': 'lifting my child', 'score': 3}]) }}", q=q)
    assert page.labelled("Activity 1").get("value") == "lifting my child"
    assert page.labelled("Activity 3").get("value") == ""
    first = page.group("How well does activity 1 go today?")
    assert [radio.get("value") for radio in first.all("input") if radio.has("checked")] == ["3"]
    assert {radio.get("name") for radio in first.all("input")} == {"score_1"}


@pytest.mark.parametrize(
    "slug", ["you", "goals", "pain", "where", "safety-1", "scores", "activities", "closing"]
)
def test_the_summary_of_a_question_page_leads_to_controls_that_exist(drawn: Draw, slug: str) -> None:
    asked = questions_of(slug)
    errors = {q.field: "Choose an answer" for q in asked}
    page = drawn(
        QUESTION + "{{ question_summary(asked, errors) }}{{ questions(asked, {}, errors) }}",
        asked=asked,
        errors=errors,
    )
    links = page.one(role="alert").all("a")
    assert len(links) == len(asked)
    for link in links:
        assert page.one(id=link.get("href").removeprefix("#")).name in ("input", "textarea")


def test_a_day_speaks_its_weekday_and_how_many_times_are_free(drawn: Draw) -> None:
    page = drawn(
        '{% from "macros/slot_picker.html" import month %}{{ month(days, "Days") }}', days=four_weeks()
    )
    grid = page.one(role="grid")
    assert [len(week.all(role="gridcell")) for week in grid.all(role="row")] == [7] * 4
    cells = [item.text for item in grid.all(role="gridcell")]
    assert cells[0] == "Monday 23 November, no free times"
    assert cells[1] == "Tuesday 24 November, 6 free times"
    assert cells[8] == "Tuesday 1 December, 1 free time"
    assert len([item for item in page.all("a") if item.attributes.get("aria-current") == "true"]) == 1


def test_an_offer_is_a_real_button_that_sends_its_start(drawn: Draw) -> None:
    page = drawn(
        '{% from "macros/slot_picker.html" import offers %}{{ offers([("Morning", [("2031-01-07T09:30Z", "09:30", "Ines", false)]), ("Evening", [])]) }}'
    )
    button = page.one("button")
    assert (button.get("name"), button.get("value")) == ("start", "2031-01-07T09:30Z")
    assert not button.has("aria-pressed")
    assert [heading.text for heading in page.all("h3")] == ["Morning"]


def test_a_reason_that_counts_against_says_so_in_words(drawn: Draw) -> None:
    page = drawn(
        '{% from "macros/facts.html" import reason %}{{ reason("it is focused pressure.", against=true) }}'
    )
    assert page.one("li").text == "Against it: it is focused pressure."


def test_a_link_to_change_an_answer_reads_its_question_after_a_colon(drawn: Draw) -> None:
    page = drawn(
        '{% from "macros/facts.html" import facts %}{{ facts([("How old are you?", "41", "/intake/you")]) }}'
    )
    assert page.one("a").text == "Change: How old are you?"


def test_the_urgent_card_says_what_to_do_and_leads_nowhere_but_to_the_call(drawn: Draw) -> None:
    page = drawn(
        '{% from "macros/notice.html" import care_card %}'
        '{% call care_card("Call 911 now", urgent=true, call="911") %}<p>Do not wait.</p>{% endcall %}'
    )
    assert page.one("h1").text == "Call 911 now"
    assert [link.get("href") for link in page.all("a")] == ["tel:911"]
    assert page.one("section").get("role") == "alert"


def test_the_refer_card_offers_no_call(drawn: Draw) -> None:
    page = drawn(
        '{% from "macros/notice.html" import care_card %}'
        '{% call care_card("See a doctor first", call="911") %}<p>It needs checking.</p>{% endcall %}'
    )
    assert page.all("a") == []


def test_undo_is_a_form_that_carries_the_token_and_what_was_shown(drawn: Draw) -> None:
    page = drawn(
        '{% from "macros/notice.html" import flashes %}{{ flashes(messages) }}',
        messages=[("ok", {"text": "Moved to 15:30.", "undo": "/undo", "fields": {"revision": 4}})],
    )
    form = page.one("form")
    assert (form.get("method"), form.get("action")) == ("post", "/undo")
    sent = {control.get("name"): control.get("value") for control in form.all("input")}
    assert sent == {"csrf_token": "token-of-the-session", "revision": "4"}
    assert page.one(role="status").text.startswith("Moved to 15:30.")


def test_the_chart_its_words_and_its_table_say_the_same(drawn: Draw) -> None:
    page = drawn(
        '{% from "macros/chart.html" import trend, trend_table %}{{ trend(c) }}{{ trend_table(c, "Pain") }}',
        c=pain_line(),
    )
    assert page.one("svg").get("aria-label") == "Average pain at each session: start 6, 1 6, 2 5, 4 5, 5 4"
    rows = [row.all()[0].text + ": " + row.all()[1].text for row in page.one("tbody").all("tr")]
    assert rows[:6] == ["start: 6", "1: 6", "2: 5", "3: not given", "4: 5", "5: 4"]


def test_a_course_says_what_is_done_and_where_we_look_back(drawn: Draw) -> None:
    page = drawn('{% from "macros/progress.html" import course %}{{ course(8, done=3, gates=(4, 8)) }}')
    spoken = [item.text for item in page.all("li")]
    assert spoken[2] == "Session 3, done"
    assert spoken[3] == "Session 4, next, we check how it is going"
    assert spoken[7] == "Session 8, we check how it is going"


def test_the_rail_shows_only_places_one_may_enter(drawn: Draw) -> None:
    template = '{% extends "staff/base.html" %}{% block title %}Today{% endblock %}{% block main %}<h1>Today</h1>{% endblock %}'

    def places(*held: str) -> set[str]:
        page = drawn(template, may=lambda permission: permission in held, here="today", waiting_reviews=0)
        return {link.text for link in page.one("nav", aria_label="Staff").all("a")}

    assert {"Today", "Calendar"} <= places("calendar_read")
    assert "Reviews" not in places("calendar_read")
    assert "Reviews" in places("calendar_read", "review_decide")


def test_the_rail_counts_the_reviews_that_wait(drawn: Draw) -> None:
    template = (
        '{% extends "staff/base.html" %}{% block title %}Today{% endblock %}{% block main %}{% endblock %}'
    )
    rail = drawn(template).one("nav", aria_label="Staff")
    assert any("(3 waiting)" in link.text for link in rail.all("a"))


def test_signing_out_is_a_post_with_the_token(drawn: Draw) -> None:
    template = (
        '{% extends "staff/base.html" %}{% block title %}Today{% endblock %}{% block main %}{% endblock %}'
    )
    forms = drawn(template).one("nav", aria_label="Staff").all("form")
    assert forms
    for form in forms:
        assert form.get("method") == "post"
        assert form.one("input").get("name") == "csrf_token"
