"""Simulate, a run's folder, its indicators, one life."""
