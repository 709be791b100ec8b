"""One researcher's life, year by year."""
