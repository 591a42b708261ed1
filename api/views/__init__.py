"""Reading: rows of tables as the answers of the API; a view a file, no query per row."""
