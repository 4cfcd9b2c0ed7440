"""ELMED: electronic prescriptions."""

__version__ = "0.1.0"
