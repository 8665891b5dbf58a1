"""Whether everything that the platform depends on is there and works."""
