"""The separator `demucs`; nothing outside of this package imports Demucs. The adapter is `engine`."""
