"""What only therapists see: answers, reviews, notes, progress and what follows from them."""
