"""The preview sample job and its reports."""
