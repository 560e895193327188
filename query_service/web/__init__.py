"""The HTTP edge: routes, errors, metrics, logs, the page, and the server that runs them."""
