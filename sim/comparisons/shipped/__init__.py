"""Reference results and effects of the shipped scenarios."""
