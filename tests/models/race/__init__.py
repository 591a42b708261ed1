"""Many at once: one winner, no gap, no doubled effect, no deadlock."""
