"""Monitoring agents, as released, on Flask and on bolthead: what they record is compared."""
