"""Backups are rehearsed: taken while the office works, restored with real servers, and checked."""
