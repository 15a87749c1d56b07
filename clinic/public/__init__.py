"""What a stranger sees: the practice, the intake, the slot picker, booking, and the page of one appointment."""
