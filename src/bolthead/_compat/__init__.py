"""All code that uses private names of other projects; each module has a test that fails when such a name changes."""
