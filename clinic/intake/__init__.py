"""Health questions: drafts, submissions, what the safety rules made of them, consent and clearance.

`queries.standing` answers the one question others ask: which safety level counts for this person now. What a level
means for a booking is written in `booking`, never here. It does not suggest, plan or book.
"""
