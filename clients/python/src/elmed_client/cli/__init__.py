"""The command `elmed-client`: one file a group of commands, `main.py` puts them together."""
