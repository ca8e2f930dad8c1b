"""Manifests: what a world declares, and how its data files get into the store."""
