"""Whether a release could be made of this tree: `python -m release`, with what requirements-release.lock has."""
