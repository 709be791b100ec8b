"""Kinds of figures beyond curves and bars: dots of quantiles, a map of tiles, futures one at a time; each for files and pages."""
