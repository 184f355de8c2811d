"""The part of applications and blueprints that registers things and does no I/O."""
