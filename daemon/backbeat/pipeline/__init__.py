"""The path of the data: one pure step per file, named by what it turns into what."""
