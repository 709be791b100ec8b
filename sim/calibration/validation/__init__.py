"""How the calibrated draws stand the test: strict forecasts of one year from the other, baselines, scores, checks."""
