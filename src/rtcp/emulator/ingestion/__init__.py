"""Bringing data in: inlets and their messages, batches and their files, and what both do to the profile store."""
