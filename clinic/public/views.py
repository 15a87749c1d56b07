"""The public surface, put together."""

from clinic.public import (
    aftercare,
    appointment,
    booking,
    check_in,
    guardian,
    guidance,
    home,
    intake,
    letters,
    outcome,
    own_tips,
    resume,
    safety_form,
    well_known,
)
from clinic.public.waiting import earlier, offers, wishes
from clinic.public.waiting.blueprint import blueprint as waiting

WAITING = (wishes, earlier, offers)
"""Importing them adds their pages to the blueprint."""

blueprints = [
    home.blueprint,
    booking.blueprint,
    appointment.blueprint,
    intake.blueprint,
    resume.blueprint,
    safety_form.blueprint,
    outcome.blueprint,
    aftercare.blueprint,
    own_tips.blueprint,
    check_in.blueprint,
    guidance.blueprint,
    guardian.blueprint,
    waiting,
    letters.blueprint,
    well_known.blueprint,
]
