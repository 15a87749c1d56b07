"""Health questions: drafts, submissions, what the safety rules made of them, consent and clearance.

`queries.safety_standing` answers the one question that others ask: which safety level applies to this person now. What a
level means for a booking is written in `booking`, never here. `explanation` is the one reader of a stored explanation.
This package does not suggest, plan or book.
"""
