"""What is true and allowed: rules, tables, use cases, migrations."""
