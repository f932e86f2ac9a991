"""Intake: from files, folders, addresses and OSC messages to jobs."""
