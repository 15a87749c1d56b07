"""What an owner sets up: the practice, its places, treatments, people, hours, absences and rules.

Pages only: what may be is decided in `practice`. The front desk blocks time here too.
"""
