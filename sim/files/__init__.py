"""Files and folders that others can have touched: read within limits, named inside their folder, checked by their content."""
