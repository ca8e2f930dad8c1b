"""Rows as people bring them and take them away: files, mappings, columns; nothing here knows of HTTP."""
