"""Whole runs through real processes, with things broken in the middle."""
