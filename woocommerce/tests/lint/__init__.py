"""PHP's own syntax check, in this machine's version and in those that Debian does not carry."""
