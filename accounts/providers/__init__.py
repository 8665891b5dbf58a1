"""Who can say who somebody is."""
