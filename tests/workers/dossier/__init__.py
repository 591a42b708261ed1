"""The archive copy: what is bound, what is attached, and that nothing stops it."""
