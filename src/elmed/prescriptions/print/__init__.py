"""A signed prescription on paper: one PDF with its reference as a QR code. Nothing is stored."""
