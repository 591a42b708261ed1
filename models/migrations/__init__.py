"""Numbered migrations, run by the owner's role at deploy only."""
