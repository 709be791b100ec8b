"""Calibration: the evidence, what the model says about it, and how well the two agree."""
