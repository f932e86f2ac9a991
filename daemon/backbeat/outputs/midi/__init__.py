"""The parts of `score_to_midi`: when, which notes, in which tracks, in which style."""
