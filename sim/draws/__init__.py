"""Parameter vectors, what is solved for them, and the worlds they make."""
