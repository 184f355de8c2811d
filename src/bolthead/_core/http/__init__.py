"""Parsers and writers of single headers and URL parts: bytes or text in, built-in values out."""
