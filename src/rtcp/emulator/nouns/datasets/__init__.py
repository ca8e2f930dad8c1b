"""Datasets of the Catalog."""
