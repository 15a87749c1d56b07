"""The public surface, put together."""

from clinic.public import (
    aftercare,
    booking,
    check_in,
    doctors_letter,
    documents,
    guardian,
    guidance,
    home,
    intake,
    kept_on_website,
    legal,
    manage,
    outcome,
    own_page,
    own_tips,
    people,
    photos,
    preparation,
    resume,
    returning,
    safety_form,
    site_files,
    unsubscribe,
    website_booking,
    well_known,
)
from clinic.public.waiting import earlier, entries, offers
from clinic.public.waiting.blueprint import blueprint as waiting

WAITING = (entries, earlier, offers)
"""Importing them adds their pages to the blueprint."""

blueprints = [
    home.blueprint,
    people.blueprint,
    photos.blueprint,
    legal.blueprint,
    booking.blueprint,
    website_booking.blueprint,
    kept_on_website.blueprint,
    manage.blueprint,
    documents.blueprint,
    intake.blueprint,
    resume.blueprint,
    returning.blueprint,
    safety_form.blueprint,
    outcome.blueprint,
    doctors_letter.blueprint,
    own_page.blueprint,
    aftercare.blueprint,
    own_tips.blueprint,
    preparation.blueprint,
    check_in.blueprint,
    guidance.blueprint,
    guardian.blueprint,
    waiting,
    unsubscribe.blueprint,
    well_known.blueprint,
    site_files.blueprint,
]
