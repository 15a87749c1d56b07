"""The clinical side of a visit: review of a suggestion, plan, planned sessions, session note, outcome entries.

A therapist decides here; the suggestion as the engine gave it stays with the intake's outcome. It changes no
appointment itself but through `booking`, and it sends nothing.
"""
