"""A small model of a case's life, written down apart from the office, and the office held against it."""
