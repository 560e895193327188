"""An index of titles alone, asked by the words leg."""

from collections.abc import Sequence

from opensearchpy import OpenSearch

from indexer.catalogue.items import Item
from indexer.index.attribute_schema import AttributeSchema
from indexer.index.documents import to_document
from plugin_config.schema import VectorField, items_mapping
from query_service.retrieval.plan import RetrievalPlan
from query_service.retrieval.text.text_query import words_query


class TitleIndex:
    """An items index without vectors; `create` fills it."""

    def __init__(self, client: OpenSearch, name: str) -> None:
        self.client, self.name = client, name

    def create(
        self, items: Sequence[Item], analyzer: str = "english", parts: Sequence[str] = ()
    ) -> "TitleIndex":
        """Create the index with this analyzer, and index the items."""
        body = items_mapping(VectorField(4), analyzer, {}, parts)
        self.client.indices.create(index=self.name, body=body)
        lines: list[object] = []
        for item in items:
            lines += [{"index": {"_id": item.item_id}}, to_document(item, None, AttributeSchema())]
        response = self.client.bulk(body=lines, index=self.name, refresh=True)
        assert not response["errors"], response
        return self

    def found(self, query: str, prefix: str = "") -> list[str]:
        """Return the item ids that the words leg finds, best first; ties by id."""
        body = {
            "query": words_query(RetrievalPlan((), query, prefix)),
            "size": 500,
            "_source": False,
        }
        hits = self.client.search(index=self.name, body=body)["hits"]["hits"]
        return [hit["_id"] for hit in sorted(hits, key=lambda hit: (-hit["_score"], hit["_id"]))]


def titles(*texts: str) -> list[Item]:
    """Return an item per title; its id is the title."""
    return [Item(item_id=text, title=text) for text in texts]
