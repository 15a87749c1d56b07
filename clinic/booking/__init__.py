"""Appointments: held, requested, booked, arrived, done, missed, cancelled, declined, lapsed.

Words: *hold* (a time reserved while a form is filled in), *request* (a therapist looks first), *offer* (a start that a client
may choose), *occupied* (the visit with its buffers), *series* (several visits booked in one act), *waiver* (rules that staff set
aside for a reason; never the constraints, absences or safety).

Every writer that can change what is free uses one lock protocol, `locking.lock`. This package sends no messages and reads no
health answers: it asks `intake.queries.safety_standing`.
"""
