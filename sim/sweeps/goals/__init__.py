"""Goals: what has to hold of runs, how far each run is from it, and which value of a lever reaches it."""
