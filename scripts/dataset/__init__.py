"""The rules by which the packaged tables are made from the evidence, one module per group of tables."""
