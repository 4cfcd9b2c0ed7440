"""What the portals' pages cost at a million prescriptions: `make bench-pages`."""
