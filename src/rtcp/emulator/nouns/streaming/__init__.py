"""Streaming ingestion: messages to an inlet, and their way into a dataset."""
