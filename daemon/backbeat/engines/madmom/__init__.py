"""The beat engine `madmom`; nothing outside of this package imports madmom. The adapter is `engine`."""
