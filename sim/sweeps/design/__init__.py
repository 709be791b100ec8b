"""What a sweep varies: the file, its factors, its points, its measures."""
