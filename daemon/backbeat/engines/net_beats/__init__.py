"""The beat engine `net`: Backbeat's own beat tracker and its weights. The adapter is `engine`."""
