"""The session in a signed cookie."""
