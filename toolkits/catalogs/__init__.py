"""Catalogs of toolkits: reading them, and installing from them."""
