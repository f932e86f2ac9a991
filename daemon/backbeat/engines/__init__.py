"""Engines, opened through the registry. Each has one adapter: a module, or the module `engine` of a package."""
