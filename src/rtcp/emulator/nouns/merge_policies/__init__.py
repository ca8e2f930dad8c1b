"""Merge policies, and the patches that change them."""
