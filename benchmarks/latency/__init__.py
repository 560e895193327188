"""What a feature costs a request, against the request without it or against the bare engine."""
