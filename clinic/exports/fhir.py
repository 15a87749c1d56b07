"""The record of one client as a FHIR R4B bundle, made of the JSON record alone.

Patient, Appointment, QuestionnaireResponse, Observation (scores), CarePlan, DocumentReference (files and session notes) and
Provenance (the copy, and each signed note). Codes are those of the required value sets; what has no code of its own in FHIR is
text. What FHIR has no place for, such as consents and letters, is in the JSON record.

Source: HL7 FHIR R4B, version 4.3.0, https://hl7.org/fhir/R4B (read 2026-11-30).
"""

import base64
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from uuid import UUID, uuid5

from clinic.exports import words
from clinic.exports.record import Record
from clinic.guidance import questionnaire
from clinic.guidance.fields import FIELDS, FieldKind
from clinic.guidance.questions import QUESTIONS

Resource = dict[str, Any]

APPOINTMENT_STATUS: Final = {
    "held": "proposed",
    "requested": "pending",
    "booked": "booked",
    "arrived": "arrived",
    "done": "fulfilled",
    "missed": "noshow",
    "cancelled": "cancelled",
    "declined": "cancelled",
    "lapsed": "cancelled",
}
"""https://hl7.org/fhir/R4B/valueset-appointmentstatus.html"""
SURVEY: Final = {
    "coding": [
        {"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "survey"},
    ]
}


def bundle(record: Record, files: Mapping[str, str]) -> Resource:
    """The bundle. `files` says under which name in the copy each document lies, by the document's id."""
    patient_id = record["client_id"]
    found = [
        _patient(record),
        *_appointments(record),
        *_answers(record),
        *_scores(record),
        *_plans(record),
        *_documents(record, files),
        *_notes(record),
    ]
    found += [*_provenance_of_notes(record), _provenance(record, found)]
    return {
        "resourceType": "Bundle",
        "id": f"record-{patient_id}",
        "type": "collection",
        "timestamp": record["made_at"],
        "entry": [{"fullUrl": _urn(one["id"]), "resource": _pruned(one)} for one in found],
    }


def _urn(id_: str) -> str:
    return f"urn:uuid:{id_}"


def _reference(id_: str | None) -> Resource | None:
    return {"reference": _urn(id_)} if id_ else None


def _pruned(value: Any) -> Any:
    """Without what is empty: FHIR knows no null, no empty text and no empty list."""
    if isinstance(value, dict):
        kept = {name: _pruned(one) for name, one in value.items()}
        return {name: one for name, one in kept.items() if one not in (None, "", [], {})}
    if isinstance(value, list):
        return [one for one in map(_pruned, value) if one not in (None, "", [], {})]
    return value


def _patient(record: Record) -> Resource:
    person = record["tables"]["clients"][0]
    contacts = record["tables"]["contacts"]
    further = person["further"] or {}
    given, family = person["given_name"], person["family_name"]
    return {
        "resourceType": "Patient",
        "id": person["id"],
        "active": person["erased_at"] is None,
        "name": [
            {
                "use": "official",
                "text": " ".join(part for part in (given, family) if part),
                "family": family,
                "given": [given],
            },
            {"use": "usual", "text": person["preferred_name"]} if person["preferred_name"] else None,
        ],
        "telecom": [
            {"system": "email" if one["kind"] == "mail" else "phone", "value": one["value"]}
            for one in contacts
            if one["relation"] == "self"
        ],
        "contact": [
            {
                "relationship": [{"text": one["relation"]}],
                "telecom": [{"system": "email" if one["kind"] == "mail" else "phone", "value": one["value"]}],
            }
            for one in contacts
            if one["relation"] != "self"
        ],
        "birthDate": person["birth_on"],
        "address": [{"text": words.lines_of_address(further)}],
        "communication": [
            {
                "language": {"coding": [{"system": "urn:ietf:bcp:47", "code": person["language"]}]},
                "preferred": True,
            }
        ],
    }


def _appointments(record: Record) -> Iterator[Resource]:
    names = record["names"]
    for visit in record["tables"]["appointments"]:
        yield {
            "resourceType": "Appointment",
            "id": visit["id"],
            "identifier": [{"value": visit["reference"]}],
            "status": APPOINTMENT_STATUS[visit["state"]],
            "description": names["treatments"].get(visit["treatment_id"]),
            "start": visit["starts_at"],
            "end": visit["ends_at"],
            "minutesDuration": visit["length_minutes"],
            "created": visit["created_at"],
            "participant": [
                {"actor": _reference(record["client_id"]), "status": "accepted"},
                {"actor": {"display": names["therapists"].get(visit["therapist_id"])}, "status": "accepted"},
                {"actor": {"display": names["locations"].get(visit["location_id"])}, "status": "accepted"},
            ],
        }


def _answers(record: Record) -> Iterator[Resource]:
    for name, status, at in (
        ("submissions", "completed", "submitted_at"),
        ("drafts", "in-progress", "changed_at"),
    ):
        for sent in record["tables"][name]:
            yield {
                "resourceType": "QuestionnaireResponse",
                "id": sent["id"],
                "status": status,
                "subject": _reference(record["client_id"]),
                "authored": sent[at],
                "source": _reference(record["client_id"])
                if sent.get("source", "client") == "client"
                else None,
                "item": [
                    {"linkId": field, "text": words.question(field), "answer": list(_given(field, value))}
                    for field, value in sent["answers"].items()
                    if value is not None
                ],
            }


def _given(field: str, value: Any) -> Iterator[Resource]:
    """One answer: numbers as numbers, chosen options as codes with their words, a client's own words as they are."""
    known = FIELDS.get(field)
    if isinstance(value, int) and not isinstance(value, bool):
        yield {"valueInteger": value}
    elif known is not None and known.kind is FieldKind.PSFS:
        for row in value:
            yield {"valueString": f"{row['activity']} ({row['score']} / 10)"}
    elif isinstance(value, list):
        for code in value:
            yield {"valueCoding": {"code": code, "display": known.label(code) if known else None}}
    elif isinstance(value, str) and field in QUESTIONS:
        yield {"valueCoding": {"code": value, "display": questionnaire.in_words(field, value)}}
    else:
        yield {"valueString": words.plain(value)}


def _scores(record: Record) -> Iterator[Resource]:
    entries = record["tables"]["outcome_entries"]
    replaced = {one["corrects_id"] for one in entries}
    for entry in entries:
        corrected = "corrected" if entry["corrects_id"] else "final"
        yield {
            "resourceType": "Observation",
            "id": entry["id"],
            "status": "entered-in-error" if entry["id"] in replaced else corrected,
            "category": [SURVEY],
            "code": {"text": words.instrument(entry["instrument"])},
            "subject": _reference(record["client_id"]),
            "effectiveDateTime": entry["recorded_at"],
            "issued": entry["entered_at"] or entry["recorded_at"],
            "performer": [_reference(record["client_id"])] if entry["source"] == "client" else None,
            "component": [
                {
                    "code": {"text": name},
                    **({"valueInteger": value} if _is_number(value) else {"valueString": value}),
                }
                for name, value in words.scores(entry["scores"])
            ],
        }


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _plans(record: Record) -> Iterator[Resource]:
    planned: dict[str, list[Record]] = {}
    for session in record["tables"]["planned_sessions"]:
        planned.setdefault(session["plan_id"], []).append(session)
    booked = {visit["id"] for visit in record["tables"]["appointments"]}
    for plan in record["tables"]["plans"]:
        sessions = sorted(planned.get(plan["id"], ()), key=lambda one: one["number"])
        yield {
            "resourceType": "CarePlan",
            "id": plan["id"],
            "status": "completed" if plan["ended_at"] else "active",
            "intent": "plan",
            "title": words.plan_title(plan),
            "description": words.plan_goals(plan),
            "subject": _reference(record["client_id"]),
            "period": {"start": plan["made_at"], "end": plan["ended_at"]},
            "created": plan["made_at"],
            "author": {"display": record["names"]["therapists"].get(plan["therapist_id"])},
            "activity": [
                {"reference": _reference(session["appointment_id"])}
                if session["appointment_id"] in booked
                else {"detail": {"status": "not-started", "scheduledString": session["about_on"]}}
                for session in sessions
            ],
        }


def _documents(record: Record, files: Mapping[str, str]) -> Iterator[Resource]:
    for document in record["tables"]["documents"]:
        name = files[document["id"]]
        yield {
            "resourceType": "DocumentReference",
            "id": document["id"],
            "status": "current",
            "subject": _reference(record["client_id"]),
            "date": document["sent_at"],
            "type": {"text": words.DOCUMENTS[document["kind"]]} if document["kind"] else None,
            "author": [_author(record, document)],
            "content": [
                {
                    "attachment": {
                        "contentType": words.content_type(name),
                        "url": name,
                        "title": document["name"],
                        "size": document["size_bytes"],
                    }
                }
            ],
        }


def _author(record: Record, document: Record) -> Resource | None:
    """Who brought a document into the record: the client, or the member of staff who added it."""
    if document["added_by_id"] is None:
        return _reference(record["client_id"])
    return {"display": record["names"]["users"].get(document["added_by_id"])}


def _notes(record: Record) -> Iterator[Resource]:
    """Session notes as text, which is where FHIR puts clinical notes."""
    for note in words.notes(record):
        text = "\n\n".join(f"{title}\n{said}" for title, said in note.rows)
        yield {
            "resourceType": "DocumentReference",
            "id": note.id,
            "status": "current",
            "docStatus": "final" if note.signed_at else "preliminary",
            "type": {"text": "Session note"},
            "subject": _reference(record["client_id"]),
            "date": note.signed_at or note.written_at,
            "author": [{"display": note.author}],
            "content": [
                {
                    "attachment": {
                        "contentType": "text/plain; charset=utf-8",
                        "data": base64.b64encode(text.encode()).decode() or None,
                        "title": "Session note",
                    }
                }
            ],
            "context": {"related": [_reference(note.visit_id)]},
        }


def _provenance_of_notes(record: Record) -> Iterator[Resource]:
    for note in words.notes(record):
        if note.signed_at:
            yield _provenance_by(
                _derived("signed", note.id),
                [note.id],
                recorded=note.signed_at,
                who=note.author,
                kind="author",
            )


def _provenance(record: Record, resources: Iterable[Resource]) -> Resource:
    return _provenance_by(
        _derived("copy", record["client_id"]),
        [one["id"] for one in resources],
        recorded=record["made_at"],
        who=record["practice"]["name"],
        kind="assembler",
    )


def _derived(what: str, id_: str) -> str:
    """An id of its own that is the same in every copy."""
    return str(uuid5(UUID(id_), what))


def _provenance_by(id_: str, targets: list[str], *, recorded: str, who: str, kind: str) -> Resource:
    participant = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
    return {
        "resourceType": "Provenance",
        "id": id_,
        "target": [_reference(target) for target in targets],
        "recorded": recorded,
        "agent": [
            {"type": {"coding": [{"system": participant, "code": kind}]}, "who": {"display": who or "?"}}
        ],
    }
