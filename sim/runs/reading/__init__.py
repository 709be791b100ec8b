"""Reading what runs wrote back: records by their seal, tables by schema and key, never by trusted order."""
