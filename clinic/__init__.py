"""Lumbar: practice software for massage and manual-therapy clinics.

The packages stand in one column and an import points down it (checked on every commit):

    app  cli                           composition: the parts meet only here
    public  portal  staff  api         four surfaces; siblings never import each other
    web                                what the surfaces share
    messaging                          messages that are due, and their delivery
    plans                              suggestion under review, course, notes, outcomes
    booking                            appointments
    intake                             health questions and consent
    practice                           locations, therapists, rooms, treatments, hours
    accounts                           people, sign-in, permissions, limits, audit
    db  sealed  clock  refusal         session, encrypted columns, now, how we say no
    guidance  scheduling  embedded     pure cores; and the laptop's servers and supervisor
    untrusted_files                    files from outside, read in a process of their own

Read aloud: a surface asks a domain; a domain asks a core; the worker asks messaging.
"""

import atexit
import gc

# What is imported stays. To search it for garbage after every 700 new objects costs each program a sixth of its start.
gc.set_threshold(20_000, 20, 50)
# At the end of a program all of it goes. To search it for garbage once more costs a quarter of what loading it did.
atexit.register(gc.freeze)

__version__ = "0.1.0"
