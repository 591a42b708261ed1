"""The chain over the events, and everything that tampering with it looks like."""
