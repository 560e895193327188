"""The commands `live-intent learn`: what a shop's own behaviour teaches, into a model bundle."""

import click

from learning.training.encoder.command import encoder
from learning.training.reranker.command import reranker
from learning.training.user_model.command import user_model


@click.group()
def learn() -> None:
    """Learn from a shop's catalogue, judgments and behaviour; each writes a new model bundle."""


learn.add_command(encoder)
learn.add_command(user_model)
learn.add_command(reranker)
