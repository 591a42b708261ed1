"""A day at the office, played by its seeded people through the real HTTP API."""
