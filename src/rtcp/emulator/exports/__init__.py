"""Export jobs: which rows they hold, and the files that the rows are written to."""
