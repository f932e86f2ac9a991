"""From dry tracks to a recording: rooms, compression, the music behind, and what a source separator makes of it all."""
