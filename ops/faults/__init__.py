"""A whole office under load while things break on purpose: schedule, nemesis, people, history, judge."""
