"""The beat tracker: songs whose beats are known, files of them, and the network that learns from them and is exported."""
