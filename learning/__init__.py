"""Past behaviour in, figures and model files out."""
