"""Headers between browsers and the service: other origins, security headers, the privacy signal."""
