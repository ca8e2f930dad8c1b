"""Batches: files into datasets, updates of attributes, and what became of both."""
