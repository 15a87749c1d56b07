"""The clinic's guidance: from a client's answers to a cited suggestion, as values in and values out.

Vocabulary, in the order in which the words depend on one another:

knowledge       what the guidance document says: modality, technique, cause, section (G0 to G12), source
field           one answer a rule may look at: its name, kind, and options with plain-language labels
facts           the typed answers of one person at one time
condition       a decision on facts that can also print itself and name the answers it used
rule            id, condition, effect, reason and source; a rule set is one dated version of all rules
question, page  how a field is asked, in which order and when
gate            the questions whose answers can change a booking, and so come before it; computed from the rules
level           ok, caution, therapist_review, refer, urgent; the highest that fires counts
disposition     what a stop asks for: emergency, doctor, postpone
outcome         what `screen` answers: level, fired rules, and what they change for safety
suggestion      what `suggest` answers: one to three modalities with cited reasons
draft plan      areas, pressure, techniques, minutes and course proposed to the therapist
measure         a score of pain or function, and whether a change in it matters

What it does not do: it knows no clock, database, request or person; it stores nothing, books nothing, sends
nothing and decides nothing. It does not diagnose and does not rank modalities by proven effect, because
there is no such evidence. A therapist decides.
"""
