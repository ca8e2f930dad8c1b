"""Computed attributes: the verbs, and the conditions they are listed by."""
