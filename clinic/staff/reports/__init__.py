"""Reports for owners: numbers without names. Each is declared once, in a module of its own, and stands in `pages`."""
