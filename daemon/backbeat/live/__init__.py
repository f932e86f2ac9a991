"""Ableton Live: results become clips, through AbletonOSC."""
