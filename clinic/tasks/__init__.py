"""Tasks: everything that waits for somebody here, in one list.

A *task* is a fact that stands in another table: a review without a decision, a visit without a signed note, a letter that did not
arrive. It goes away when its cause does. Stored is only what no fact tells: to whom a task was *handed over*, colleagues' *words* on
it, that it is *done* where nothing else could say so, and *to-dos* that staff write themselves.

Nothing is decided here: each task leads to the page where it is settled.
"""
