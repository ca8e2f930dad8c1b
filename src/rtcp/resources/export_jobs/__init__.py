"""Export jobs: the verbs, and the body that says what to export."""
