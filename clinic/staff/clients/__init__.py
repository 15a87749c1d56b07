"""A client's file at the desk: details, contacts, and records that are one person. No health data."""
