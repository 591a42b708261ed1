"""The Python client against the real counter."""
