"""The client for asyncio and trio. `synchronous` is made from it by clients/python/make_sync.py."""
