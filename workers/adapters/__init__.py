"""Real implementations of the ports in models.ports."""
