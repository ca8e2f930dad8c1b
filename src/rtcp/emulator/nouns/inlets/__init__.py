"""Inlets, and the objects of the Flow Service around them."""
