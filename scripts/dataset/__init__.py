"""The rules by which the packaged tables are made from the evidence folder, one module per table or group of tables."""
