"""How well an engine hears: on annotated recordings and on rendered ones, and how far a figure could be off by chance."""
