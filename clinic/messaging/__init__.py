"""Messages to clients and staff, and their delivery.

Words: *due* (committed facts call for it), *owed* (its row exists, once per *occasion*), *claim* (a sender's *lease* on a message),
*settle* (record how sending ended), *given up*, *dropped* (no longer needed), *pause* (nothing leaves), *backlog* (what is late).

No request sends mail. A pass (`delivery.run_pass`) reads committed rows, finds what is due (`kinds`, with the help of `due`), records it once per occasion
(`services`), composes it from the facts of that moment (`letters`) and delivers it at least once (`mailer`, `sms`). Content is
never stored. Celery drives the pass (`tasks`); `watch` asks for it when there is news, and makes it without a broker. `heartbeat` records which
part was last alive, `backlog` counts what is late, `pause` stops sending, `bounces` acts on what came back, `resend` sends one
message again, and `preferences` holds what a client wants to receive.

Only a message that no fact implies, such as a sign-in link, is recorded by its view. CONTRIBUTING says how to add a kind.
"""
