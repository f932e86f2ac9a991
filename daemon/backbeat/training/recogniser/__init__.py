"""The recogniser: its network, how it is trained and validated, how thresholds are chosen and the files written that ship."""
