"""The summary picture: what is drawn, where, and the drawing itself."""
