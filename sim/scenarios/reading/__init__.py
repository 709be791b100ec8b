"""Reading scenario files: text, tables, values, chains of files, all errors at once."""
