"""One request from push to teardown, and the drivers of it."""
