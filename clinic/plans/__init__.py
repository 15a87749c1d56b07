"""The clinical side of a visit: what a therapist decides, plans and writes down.

Words: *review* (a suggestion before a therapist), *decision* (accept, change, replace, decline), *set aside* (a safety rule
that excludes a type, deliberately not followed), *clearance* (rules that no longer stop a booking), *course* (the
plan and its *sessions*), *look back* (the session at which the course is reassessed), *note* (what was done; signing locks it),
*addendum*, *outcome entry* (scores), *check-in* (an answer some days after a visit), *preparation* (what is answered between booking
and visit).

    services      open_review, decide, clear, open_with_reason
    notes         write_note, sign_note, add_to_note, read
    plan_changes  change: a running course becomes what a therapist wrote, if its answers allow it
    plan_versions what a plan said from when on; only added to
    courses       begin, plan_of, sessions: the plan that follows a decision, and which session a visit is
    before_visit  the short form on the day: what it asks, and what its answers do
    preparation   save_part, finish, hand_in: what the booking did not need, asked before the visit
    scores        kept from the intake and before each session
    score_sheets  enter, answer, correct: scores outside those forms, and asking for them
    progress      a client's scores over time, and what they propose
    look_backs    decide: what a therapist concludes from a look back, and how the course follows
    check_ins     answer, waiting, see_to
    queries       queue, waiting, treats: who waits for a therapist, and whose record may be opened

A therapist decides here; the engine's suggestion stays unchanged in the intake's outcome. This package changes appointments
only through `booking`, and it sends nothing.
"""
