"""Talentsim as other packages want it: problems of SALib, models of the EMA Workbench, trees of ArviZ, crates of RO-Crate."""
