"""`python -m clinic`."""

from clinic.cli import main

main()
