"""What an owner sets up: the practice, its premises, treatments, people, hours, absences and rules.

Pages only: `practice` decides what is valid. The front desk blocks time here too.
"""
