"""Sources that push to us; one module per way of pushing."""
