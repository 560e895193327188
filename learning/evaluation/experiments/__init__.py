"""Experiments on live visitors: effects with intervals that stay valid while one looks at them."""
