"""Sounds to play: one-shots of a bank or of a user's folder, what each of them is, and kits drawn from them."""
