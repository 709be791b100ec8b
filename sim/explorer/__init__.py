"""The live explorer: a page that runs the model while a slider moves."""
