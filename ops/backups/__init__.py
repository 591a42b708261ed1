"""Backup and restore: `taking` makes one, `restoring` opens an office from one.

`manifest` says what a backup holds; `objects` copies files of the vault; `database` calls PostgreSQL's own tools;
`fence` keeps numbers that were printed from being given again.
"""
