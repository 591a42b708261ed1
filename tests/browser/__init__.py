"""A real browser over the whole office."""
