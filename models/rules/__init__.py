"""Pure rules: no session, no clock, no files."""
