"""What the service answers, as frozen values that know nothing of HTTP."""
