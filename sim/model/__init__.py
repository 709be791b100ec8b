"""One researcher, one year: the formulas, as pure functions of a row, and the nouns that they read."""
