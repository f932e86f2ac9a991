"""Playing hits live: what is to come, how the recording's time passes, and the thread that sends both together."""
