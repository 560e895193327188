"""Where the parts are put together: the command line, the demo, the sample catalogue."""
