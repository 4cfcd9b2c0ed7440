"""The help at /help."""
