"""Past behaviour in; trained models and measured quality out."""
