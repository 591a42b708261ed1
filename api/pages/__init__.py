"""The pages that people use: HTML over the same use cases as the JSON API."""
