"""JSON: the reader, the writer, and their use by requests and responses."""
