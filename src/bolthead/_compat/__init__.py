"""Whatever leans on another project's private names; each module has a test that fails when these change."""
