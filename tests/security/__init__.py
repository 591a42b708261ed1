"""Attacks on the whole: what leaves in logs, what files can do, what the packages are."""
