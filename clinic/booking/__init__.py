"""Appointments: held, requested, booked, arrived, done, missed, cancelled, declined, lapsed.

Words: *hold* (a slot kept while a form is filled), *request* (a therapist looks first), *offer* (a start a client may
choose), *occupied* (the visit with its buffers), *series* (booked in one act). One lock protocol for every writer that
can change what is free: `services.lock`. It sends no messages and reads no health answers: it asks `intake.standing`.
"""
