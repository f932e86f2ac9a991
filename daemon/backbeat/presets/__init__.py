"""Making note maps: writing, copying, and reading the lists of note names that drum plugins and DAWs have."""
