"""What operators see: the log, metrics, traces, and the identity of what answers."""
