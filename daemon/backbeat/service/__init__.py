"""The daemon: composition root, worker process, and what they need from the system."""
