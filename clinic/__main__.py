"""`python -m clinic`.

`suggest` needs the guidance alone, and `up` the supervisor, which stays for as long as the product runs. So both start
without the web framework and the database.
"""

import sys

if sys.argv[1:2] == ["suggest"] and len(sys.argv) == 3 and not sys.argv[2].startswith("--"):
    from clinic.guidance import suggest

    sys.exit(suggest.from_file(sys.argv[2]))

if sys.argv[1:] == ["up"]:
    from clinic.embedded import supervisor
    from config import Start

    sys.exit(supervisor.up(Start.with_keys()))

from clinic.cli import main

main()
