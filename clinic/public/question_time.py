"""How long the health questions before a booking take, as the pages that lead to them say it.

Ten seconds a page and eight an answer, for a typical client; `tests/public/test_effort.py` counts both and compares.
"""

from typing import Final

from clinic.intake.models import Door

SECONDS_A_PAGE: Final = 10
SECONDS_AN_ACTION: Final = 8
MINUTES: Final = {Door.CHOSEN.value: 8, Door.SUGGESTION.value: 10}
"""About how many minutes, by what a client came for."""
