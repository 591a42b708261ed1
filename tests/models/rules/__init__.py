"""The pure rules: no database, no clock, no files beyond the shipped definitions."""
