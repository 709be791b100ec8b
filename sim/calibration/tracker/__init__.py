"""The published tracker continued: its charts and sentences as data, beside the model for its years and after them."""
