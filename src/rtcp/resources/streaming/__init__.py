"""Streaming ingestion: messages, a writer for streams of rows, and what became of each."""
