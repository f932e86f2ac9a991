"""Figures as Markdown and SVG: tables, plots, and trainings compared that left out one part of the recipe each."""
