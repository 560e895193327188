"""The tags of the API's routes in its OpenAPI document."""

from flask_openapi3.models.tag import Tag

SEARCH = Tag(name="search", description="Hits for a query, for a visitor, or in another order.")
VISITORS = Tag(name="visitors", description="What visitors do, and what is kept of it.")
TRACKERS = Tag(name="trackers", description="Requests of trackers' own libraries, as they come.")
FRONT_ENDS = Tag(name="front ends", description="Requests of InstantSearch, as they come.")
