"""Identity namespaces, to be read: the standard ones, and those that rows and datasets have brought."""
