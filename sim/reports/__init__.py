"""One self-contained page: sections, tables, words."""
