"""Packaged numbers and their checks."""
