"""How requests travel: values, hooks, headers, errors, retries, and the session that ties them together."""
