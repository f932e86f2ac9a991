"""The hit engine `net`: Backbeat's own recogniser and its weights. The adapter is `engine`, the picker is `picker`."""
