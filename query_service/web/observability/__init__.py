"""What operators see of requests: metrics, the log, traces."""
