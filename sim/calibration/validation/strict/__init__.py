"""Ensembles that know the measurements of one year only: what they may know, how they are solved, weighed and kept."""
