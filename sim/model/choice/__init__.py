"""Discrete choice under keyed random numbers: the compiler, Philox, nested logit, the race of the alternatives."""
