"""Audit entries in words for the owner: what was done to what, and why."""

import re

from clinic.accounts.audit_reading import AuditLine
from clinic.accounts.models import AuditEntry
from clinic.maintenance.retention import RETENTION

DEEDS = {
    "signed_in": "Signed in",
    "signed_out": "Signed out",
    "signed_out_elsewhere": "Signed out everywhere else",
    "sign_in_failed": "A sign-in failed",
    "code_wrong": "A code was wrong",
    "identity_not_proven": "Did not prove who they are",
    "pin_wrong": "A PIN was wrong",
    "pin_used_up": "Was signed out: too many wrong PINs",
    "pin_set": "Set a PIN",
    "pin_removed": "Removed a PIN",
    "locked": "Locked the browser",
    "locked_itself": "The browser locked by itself",
    "unlocked": "Unlocked the browser",
    "locked_out": "Had to wait: too many tries",
    "refused": "A page was refused",
    "roles_changed": "Roles changed",
    "password_changed": "Changed the password",
    "password_set_by_link": "Chose a password by a link",
    "second_factor_changed": "Set up an app for codes",
    "second_factor_used": "Used a code",
    "passkey_added": "Added a passkey",
    "passkey_deleted": "Deleted a passkey",
    "device_forgotten": "Let a device be forgotten",
    "open_with_reason": "Opened a record with a reason",
    "chose_who": "Said who they are",
    "message_sent_again": "Sent a message again",
    "messages_released": "Let messages go again",
    "address_bounced": "A letter came back",
    "hand_over": "Handed the screen to the client",
    "hand_task_over": "Handed a task over",
    "call_first": "Wants to call before deciding",
    "tell_of_call": "Lets the client know of a call",
    "reach_by_call": "Reached by telephone",
    "not_reached": "Called and reached nobody",
    "need_no_call": "Needs no call any more",
    "take_back": "Decision taken back",
    "take_task_back": "Took a task back",
    "task_done": "Marked a task as done",
    "task_reopened": "Opened a task again",
    "open_for_colleague": "Opened a record to a colleague",
    "set_aside": "Set a rule aside",
    "join_waiting_list": "Joined the waiting list",
    "merged": "Joined two records",
    "erasure_asked": "Asked for a client to be erased",
    "erasure_granted": "Decided that a client is erased",
    "erasure_refused": "Refused to erase a client",
    "erasure_taken_back": "Took an erasure back",
    "erased": "Erased a client",
    "deleted_in_time": "Deleted what was kept long enough",
}
VERBS = {
    "read": "Looked at",
    "export": "Exported",
    "create": "Made",
    "change": "Changed",
    "delete": "Deleted",
    "ask": "Asked for",
    "build": "Built",
    "expire": "Deleted in time",
    "add": "Added",
    "book": "Booked",
    "move": "Moved",
    "say_coming": "Noted that the client comes to",
    "take_back_coming": "Took back that the client comes to",
    "cancel": "Cancelled",
    "decide": "Decided",
    "open": "Opened",
    "begin": "Began",
    "answer": "Answered",
    "agree": "Agreed",
    "withdraw": "Withdrew",
    "see_to": "Saw to",
    "sign": "Signed",
    "cosign": "Co-signed",
    "look_back": "Looked back at",
    "count": "Counted",
    "clear": "Cleared",
    "offer": "Offered",
    "reset": "Put back",
    "guardian": "Agreed as a guardian to",
}
THINGS = {
    "outcomes": "health answers",
    "submissions": "health answers",
    "drafts": "unfinished health answers",
    "clearances": "a clearance",
    "safety_waivers": "what speaks against a visit",
    "reviews": "a review",
    "task_marks": "a task",
    "plans": "a plan",
    "plan_versions": "a version of a plan",
    "planned_sessions": "a planned session",
    "session_notes": "a note",
    "note_addenda": "an addition to a note",
    "note_templates": "a template for notes",
    "phrases": "a phrase",
    "outcome_entries": "answers over time",
    "score_sheets": "a page for scores",
    "look_backs": "a look back",
    "visit_preparations": "answers before a visit",
    "check_ins": "a check-in",
    "override_counts": "what departs from the guidance",
    "appointments": "a visit",
    "series": "several visits",
    "downtime_sheets": "a downtime sheet",
    "restricted_records": "the restricted record of an erased client",
    "erasures": "an erasure",
    "clients": "a client",
    "contacts": "an address",
    "consents": "a consent",
    "guardian_consents": "a guardian’s consent",
    "doctor_pages": "a page by one-time link",
    "address_changes": "a new address",
    "documents": "a letter or report",
    "data_exports": "a copy of everything",
    "legal_texts": "the words of a legal page",
    "waiting_wishes": "a place on the waiting list",
    "waiting_offerings": "an offered time",
    "waiting_offers": "an offered time",
    "letter_texts": "a letter’s words",
    "messages": "a message",
    "practice": "the practice",
    "retention_periods": "how long records are kept",
    "locations": "a location",
    "location_pairs": "ways between locations",
    "rooms": "a room",
    "treatments": "a treatment",
    "therapists": "a therapist",
    "therapist_profiles": "a therapist’s page",
    "weekly_hours": "hours",
    "special_days": "hours of a day",
    "time_off": "time off",
    "closures": "a closure",
    "users": "a member of the team",
    "rule_book_signatures": "the rule book",
    "incidents": "an incident",
    "experiences": "what happened here with each rule",
    "incident_addenda": "an addition to an incident",
    "audit_entries": "this record",
}
PURPOSES = {
    "before_visit": "before the visit",
    "file": "in the file",
    "guardian": "for a guardian",
    "news": "news",
    "note": "for the note",
    "incident": "",
    "incident list": "in the list",
    "own_progress": "their own answers",
    "own_answers": "their own answers",
    "own_access": "",
    "own_course": "their own course",
    "report": "for the report",
    "review": "for the review",
    "series": "several visits at once",
    "access": "",
    "health": "",
    "password": "with the password",
    "password authenticator": "with password and code",
    "code": "with password and code",
}

WHAT = {row.kind: row.what for row in RETENTION}
_KINDS = re.compile(r"\b(?:" + "|".join(WHAT) + r")\b")


def deed(line: AuditLine) -> str:
    """What was done, in a few words; a kind without words shows its code."""
    action, thing = line.entry.action, THINGS.get(line.entry.subject_type, "")
    if action in DEEDS:
        said = DEEDS[action]
    elif action in VERBS and thing:
        said = f"{VERBS[action]} {thing}"
    else:
        said = " ".join(part for part in (action.replace("_", " ").capitalize(), thing) if part)
    at_somebody_else = line.subject and line.subject != line.who
    return f"{said} ({line.subject})" if at_somebody_else else said


def purpose(entry: AuditEntry) -> str:
    """Why, or by what means; empty if the action says it all. Kinds of records are called as in the retention table."""
    if entry.subject_type == "retention_periods":
        return _KINDS.sub(lambda kind: WHAT[kind[0]], entry.purpose)
    return PURPOSES.get(entry.purpose, entry.purpose.replace("_", " "))
