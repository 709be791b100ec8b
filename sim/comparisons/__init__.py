"""Scenarios side by side: paired effects, verdicts, crossings, the answer."""
