"""What stands in for the solved model: a Gaussian process a row, and the posterior sampled with it."""
