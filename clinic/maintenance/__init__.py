"""What happens by the clock in every domain except messages: deadlines, offers, seals, counts, and deletion.

`sweeps` holds the steps that the worker takes, `retention` the one table of how long things are kept, `processing` the table of what is
recorded about people and why. A sweep changes rows only
through the domain they belong to. When each step runs stands in `clinic.worker.timetable`.
"""
