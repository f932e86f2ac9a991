"""Music without drums, to put behind them: songs written for a sound font, synthesised bands, and clips of the bank."""
