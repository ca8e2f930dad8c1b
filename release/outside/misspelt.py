"""Code that no type checker may take: a setting that there is none of."""

import rtcp

client = rtcp.Client(sandbx="dev")
