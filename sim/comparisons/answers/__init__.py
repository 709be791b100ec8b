"""What a comparison answers: the sentences, and which variant serves a goal best."""
