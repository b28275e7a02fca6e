"""The HTTP/1.1 front of a node of its own: bytes to ASGI and back, as lean as Python allows (RFC 9112; decision 17)."""
