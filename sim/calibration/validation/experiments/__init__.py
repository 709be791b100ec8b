"""Published quasi-experiments, simulated as the studies did: what is switched, what is read off, what was published."""
