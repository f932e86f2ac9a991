"""What the recogniser learns from: rendered segments and their targets, files of them, and batches drawn from the files."""
