"""SQLModel rows, an aggregate a file."""
