"""Batches: brought in, read back by the Catalog and by data access."""
