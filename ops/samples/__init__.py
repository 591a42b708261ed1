"""Invented people and painted papers for demonstrations, previews, benchmarks and tests."""
