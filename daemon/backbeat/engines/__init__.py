"""Engines: one adapter file each, opened through the registry."""
