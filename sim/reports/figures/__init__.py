"""Every figure: its table first, then its drawing."""
