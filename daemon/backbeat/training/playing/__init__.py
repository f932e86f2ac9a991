"""What drummers play: strokes, recorded grooves and generated patterns, and how they sound on a kit before any room."""
