"""What somebody would try who does not mean well, or whose hands are faster than their thoughts."""
