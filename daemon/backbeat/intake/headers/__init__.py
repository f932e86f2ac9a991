"""What the headers of audio files declare: one file per container format."""
