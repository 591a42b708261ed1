"""How the office is run."""
