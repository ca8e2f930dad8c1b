"""Bearer tokens: given ready, or fetched from IMS and kept fresh."""
