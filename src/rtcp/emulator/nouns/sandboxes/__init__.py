"""Sandboxes, as far as a neighbour needs their ids."""
