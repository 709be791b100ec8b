"""What is asked of runs as a formula: measures of one run, and expressions of measures."""
