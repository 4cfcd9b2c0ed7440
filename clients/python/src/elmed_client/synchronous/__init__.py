"""The client that waits. Made from `synchronous` by clients/python/make_sync.py."""
