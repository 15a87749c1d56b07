"""The practice as its owner describes it: locations, rooms, treatments, therapists, hours, closures and rules.

It does not know clients or appointments; whether a time is free is `booking`'s question.
"""
