"""Outputs: from a score or hits to files, messages and notes."""
