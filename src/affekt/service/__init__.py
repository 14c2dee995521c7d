"""The service: recognition over HTTP and WebSocket.

Nothing is imported here: the limited worker processes import this package too, and must stay
small.
"""
