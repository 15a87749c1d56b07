"""What machines see: `/health`, and the public JSON interface."""
