"""A whole folder of recordings, through the same store and the same workers as the daemon's."""
