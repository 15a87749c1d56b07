"""Treatments that can be booked, and the therapists who give them."""

from flask import Response, jsonify

from clinic import clock
from clinic.api import request_parsing, schemas
from clinic.api.blueprint import blueprint
from clinic.practice import own_texts
from clinic.practice import queries as practice
from clinic.web.access import anyone, audience


@blueprint.get("/treatments")
@audience(anyone)
def treatments() -> Response:
    """Everything that can be booked, in the practice's order, in the language that is asked for."""
    request_parsing.query(())
    currency = practice.the_practice().currency
    today, spoken = clock.now().date(), request_parsing.language_wanted()
    found = [
        schemas.Treatment(
            slug=sold.slug,
            name=own_texts.said(sold, "name", spoken),
            description=own_texts.said(sold, "description", spoken),
            length_minutes=sold.length_minutes,
            price_cents=sold.price_cents,
            currency=currency,
            questions=sold.intake,  # type: ignore[arg-type]  # A constraint of the table knows these three.
            therapists=[
                person.slug for person in sold.therapists if person.left_on is None or person.left_on > today
            ],
        )
        for sold in practice.treatments()
    ]
    answer = jsonify(schemas.dumped(schemas.Treatments(treatments=found)))
    answer.headers["Content-Language"] = spoken
    answer.vary.add("Accept-Language")
    return answer


@blueprint.get("/therapists")
@audience(anyone)
def therapists() -> Response:
    """Everybody who works here, in the practice's order, with what they give; texts in the language asked for."""
    request_parsing.query(())
    spoken = request_parsing.language_wanted()
    given: dict[str, list[str]] = {}
    for sold in practice.treatments():
        for person in sold.therapists:
            given.setdefault(person.slug, []).append(sold.slug)
    found = [
        schemas.Therapist(
            slug=person.slug,
            name=person.name,
            about=own_texts.said(person, "about", spoken),
            treatments=given.get(person.slug, []),
        )
        for person in practice.therapists(clock.now().date())
    ]
    answer = jsonify(schemas.dumped(schemas.Therapists(therapists=found)))
    answer.headers["Content-Language"] = spoken
    answer.vary.add("Accept-Language")
    return answer
