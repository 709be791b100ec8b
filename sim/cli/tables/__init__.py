"""What the command line shows: tables and records. Nothing is printed here."""
