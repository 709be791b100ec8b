"""What a lever is, how changes of it apply, and what holds without any."""
