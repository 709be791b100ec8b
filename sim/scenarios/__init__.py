"""From a text file to levers in force."""
