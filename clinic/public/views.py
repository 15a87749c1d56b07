"""The public surface, put together."""

from clinic.public import aftercare, appointment, booking, home, intake, outcome, resume

blueprints = [
    home.blueprint,
    booking.blueprint,
    appointment.blueprint,
    intake.blueprint,
    resume.blueprint,
    outcome.blueprint,
    aftercare.blueprint,
]
