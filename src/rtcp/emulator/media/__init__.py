"""Media tracking: sessions, the order of their events, and the words of the two services; no HTTP."""
