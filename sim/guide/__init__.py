"""The guide: what there is to find, which of it answers somebody's words, and a first scenario file from a question."""
