"""The client for asyncio. `synchronous` is made from it by clients/python/make_sync.py."""
