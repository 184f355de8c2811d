"""Parsers and writers of single headers and URL parts: bytes or text in, plain values out."""
