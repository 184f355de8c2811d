"""What the rest of the core is built of: guards, context variables, object and byte helpers, the proxy."""
