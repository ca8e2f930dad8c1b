"""Media Collection: live sessions and downloaded content for Adobe Analytics alone."""
