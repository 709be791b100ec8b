"""Expected flows by group, without random numbers."""
