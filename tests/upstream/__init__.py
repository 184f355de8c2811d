"""Other projects' own tests, run on Flask and on bolthead, and compared."""
