"""Delete requests for datasets and batches."""
