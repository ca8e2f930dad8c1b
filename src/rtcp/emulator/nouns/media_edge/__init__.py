"""The Media Edge: live sessions and downloaded content over a datastream."""
