"""The recogniser taught a kit of the user's own: what it hears, where it starts, and what holds it to what it knew."""
