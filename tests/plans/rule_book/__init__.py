"""The rule book at this practice."""
