"""From prior points to an ensemble: waves, weights, files, recovery of known truths, new evidence."""
