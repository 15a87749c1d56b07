"""The practice as its owner describes it: locations, rooms, treatments, therapists, hours, closures and rules.

This package does not know clients or appointments; `booking` decides whether a time is free.
"""
