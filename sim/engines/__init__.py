"""Three ways through the years: compiled arrays, Mesa agents, expected flows."""
