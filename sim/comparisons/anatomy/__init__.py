"""Who changed and why, and which lever did it."""
