"""The office's verbs on a real PostgreSQL, as the restricted role."""
