"""The message log, what is sent next, and pausing the sending."""
