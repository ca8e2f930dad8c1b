"""Work on many things at once: chunking and ordered concurrency; knows callables, no resources."""
