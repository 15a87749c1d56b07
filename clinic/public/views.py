"""The public surface, put together."""

from clinic.public import aftercare, appointment, booking, home, intake, outcome

blueprints = [
    home.blueprint,
    booking.blueprint,
    appointment.blueprint,
    intake.blueprint,
    outcome.blueprint,
    aftercare.blueprint,
]
