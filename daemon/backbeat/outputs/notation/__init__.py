"""The parts of `score_to_musicxml`: from bars and voices to what a drummer reads."""
