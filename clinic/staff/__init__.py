"""What staff see: today, calendar, reviews, notes, messages, and their own sign-in."""
