"""The office: rules in milliseconds, use cases on a real PostgreSQL."""
