"""Agent-based simulation of where AI researchers come from, study and work."""

__version__ = "0.1.0"
