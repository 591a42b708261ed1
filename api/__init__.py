"""The counter: HTTP in, HTTP out."""
