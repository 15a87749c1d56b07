"""A client's file at the desk: who somebody is, how to reach them, and records that are one person. No health."""
