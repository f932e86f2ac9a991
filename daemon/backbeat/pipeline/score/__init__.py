"""Where each stroke is written: the parts of `hits_to_score`, one concern each."""
