"""Makes the site: fills the blocks that are drawn or listed, then lets the engine build plain Markdown."""
