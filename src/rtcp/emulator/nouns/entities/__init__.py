"""Records and events of people: looked up, explained, deleted."""
