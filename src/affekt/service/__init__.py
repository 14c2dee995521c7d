"""The service: recognition over HTTP and WebSocket.

Nothing is imported here: the limited child processes live in this package too, and must stay small.
"""
