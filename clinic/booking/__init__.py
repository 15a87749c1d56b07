"""Appointments: held, requested, booked, arrived, done, missed, cancelled, declined, lapsed.

Words: *hold* (a slot kept while a form is filled), *request* (a therapist looks first), *offer* (a start a client may
choose), *occupied* (the visit with its buffers), *series* (booked in one act), *waiver* (rules that staff set aside for a
reason, never the constraints, absence or safety). One lock protocol for every writer that
can change what is free: `locking.lock`. It sends no messages and reads no health answers: it asks `intake.standing`.
"""
