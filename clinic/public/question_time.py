"""How long the health questions before a booking take, as the pages that lead to them say it.

Reading 200 words a minute, and three seconds for each press or typed field, for a typical client; readers who were watched on a phone
took somewhat longer. `tests/public/test_effort.py` counts both and compares.
"""

from typing import Final

from clinic.intake.models import Door

WORDS_A_MINUTE: Final = 200
SECONDS_AN_ACTION: Final = 3
MINUTES: Final = {Door.CHOSEN.value: 10, Door.SUGGESTION.value: 13}
"""About how many minutes, by what a client came for."""
