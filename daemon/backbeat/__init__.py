"""Backbeat: bounce a track, get its drums back."""

__version__ = "0.1.0"
