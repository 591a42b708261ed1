"""How the office is run: the paraf command line."""
