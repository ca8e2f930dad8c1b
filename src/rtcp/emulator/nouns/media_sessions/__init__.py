"""What both media services keep of their sessions; no operation of its own."""
