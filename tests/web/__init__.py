"""What the surfaces share: macros, charts, tokens, assets, and how they look in a real browser."""
