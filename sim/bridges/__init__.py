"""Talentsim as other packages want it: SALib, the EMA Workbench, ArviZ, the Hubverse, RO-Crate."""
