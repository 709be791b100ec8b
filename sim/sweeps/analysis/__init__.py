"""Which inputs matter: sensitivity, discovery, robustness."""
