"""Doorbells: an id in, one use case, no decision."""
