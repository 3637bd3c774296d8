"""Runs the drivers of bench/, puts what they print side by side, and draws it."""
