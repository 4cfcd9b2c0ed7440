"""The portals' words in other languages, and how each language writes days and moments."""
