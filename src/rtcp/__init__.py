"""The typed client of Adobe Real-Time Customer Profile."""
