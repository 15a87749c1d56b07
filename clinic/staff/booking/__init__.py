"""Booking, moving and repeating visits for a client, as staff do it at the desk."""
