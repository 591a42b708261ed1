"""The cage held against what a hostile file could try."""
