"""Numbered points of the parameters, solved and observed, kept one by one."""
