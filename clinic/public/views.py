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
    outcome,
    resume,
    safety_form,
)

blueprints = [
    home.blueprint,
    booking.blueprint,
    appointment.blueprint,
    intake.blueprint,
    resume.blueprint,
    safety_form.blueprint,
    outcome.blueprint,
    aftercare.blueprint,
    check_in.blueprint,
    guidance.blueprint,
    guardian.blueprint,
]
