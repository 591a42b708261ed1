"""The addresses of the API, a resource a file."""
