"""An office verb a file: each takes its ports as arguments."""
