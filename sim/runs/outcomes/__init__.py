"""What runs say: outcomes, indicators, statistics over draws and replicates."""
