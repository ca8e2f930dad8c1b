"""Entities: look-ups one by one and in bulk, events, deletion, and why a profile looks as it does."""
