"""`python -m clinic`.

`suggest` needs the guidance alone, so it starts without the web framework and the database.
"""

import sys

if sys.argv[1:2] == ["suggest"] and len(sys.argv) == 3 and not sys.argv[2].startswith("--"):
    from clinic.guidance import suggest

    sys.exit(suggest.from_file(sys.argv[2]))

from clinic.cli import main

main()
