"""Sign-in, secrets, outgoing connections, request protection."""
