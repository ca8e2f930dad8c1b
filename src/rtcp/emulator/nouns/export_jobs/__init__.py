"""Export jobs, and the files that they write."""
