"""Ids in paths: `/` in them too, encoded as %2F."""

from flask import Flask
from werkzeug.routing import BaseConverter


class AnyId(BaseConverter):
    """The rest of a path as one id; the server has decoded it already."""

    regex = ".+?"
    part_isolating = False


def allow_any_id(app: Flask) -> None:
    """Makes `<name>` in the app's routes an AnyId, and keeps `//` in ids as it is."""
    app.url_map.converters["default"] = AnyId
    app.url_map.merge_slashes = False
