"""Messages: words, and every way they leave the office."""
