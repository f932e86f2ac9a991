"""Reproducible training of the recogniser `net`: bank, renderer, network, export and evaluation (extra `train`)."""
