"""What we owe people and its delivery: *occasion*, *owed*, *due*, *claim*, *lease*, *settle*, *given up*, *dropped*.

Mail is a consequence: a pass looks at committed rows and finds what is owed (`due.py`), owes it once per occasion, and
delivers at least once. No request calls in here to send anything; content is composed at delivery and never stored.
"""
