"""A series: several appointments that are booked, changed and undone in one act."""
