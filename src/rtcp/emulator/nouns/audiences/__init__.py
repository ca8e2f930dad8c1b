"""Audiences, as a manifest declares them."""
