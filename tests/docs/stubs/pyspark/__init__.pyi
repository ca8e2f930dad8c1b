# Spark lives in an environment of its own: this is the little of it that examples use.
