"""Computed attributes: their definitions, their evaluation, and trying one."""
