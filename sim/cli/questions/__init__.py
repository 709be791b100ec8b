"""The verbs that answer a question in one command: ``find``, ``tracker``, ``cohort``, ``solve`` and ``new``."""
