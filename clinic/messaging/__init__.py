"""What we owe people and its delivery: *occasion*, *owed*, *due*, *claim*, *lease*, *settle*, *given up*, *dropped*, *held*, *arrears*.

Mail is a consequence: a pass (`delivery.run_pass`) looks at committed rows and finds what is owed (`due`), owes it once per
occasion, composes it from the facts of that moment (`letters`, `visit_letters`), and delivers at least once (`services`,
`mailer`). Celery drives the pass (`tasks`, `timetable`); without a broker the `stand_in` does; the `pulse` says who lives
and `arrears` what is late. Nothing leaves while it is held (`sending`). What came back is noted in `returned` (read by `reports`),
what staff want sent once more in `again`; text messages stand in `sms`.

It does not send on request: only a sign-in link, which no fact implies, is owed by its view. Content is never stored.
Adding a kind: a member of `models.Kind`, one question in `due`, one entry in the letters, its words in `wording`, one template
made of parts, its German in the catalogue, a sample where it needs other facts (`samples`), one test.
"""
