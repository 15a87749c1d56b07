"""The calendar: whose time is taken by what, on a day, in a week and in a month, and what can be done there."""
