"""Saved objects of OpenSearch Dashboards: data views, panels and dashboards.

The panels are Vega visualisations: they alone take any query, with ratios of filters and the
selection by sessions that keeps rare queries out. The `migrationVersion`s are those of exports of
Dashboards 2 and 3, which imports bring up to date.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from plugin_config.schema import IndexNames
from query_service.insights.boards.all_boards import BOARDS, all_panels
from query_service.insights.panel import Board, Panel
from query_service.insights.vega import vega_lite

SavedObject = dict[str, Any]
NO_QUERY = {"query": {"query": "", "language": "kuery"}, "filter": []}
GRID = 48  # columns of a dashboard
VERSION = "3.0.0"
_HEIGHTS = {"figures": 8, "lines": 14, "table": 24}


def saved_objects(names: IndexNames, least_sessions: int) -> list[SavedObject]:
    """Every saved object, each after those that it refers to."""
    indexes = (names.ubi_queries, names.ubi_events, names.rebuilds)
    return [
        *(_data_view(names, index) for index in indexes),
        *(_visualization(names, panel, least_sessions) for panel in all_panels().values()),
        *(_dashboard(names, board) for board in BOARDS),
    ]


def as_ndjson(objects: Sequence[SavedObject]) -> bytes:
    """The file that Dashboards imports: an object a line."""
    lines = (json.dumps(each, ensure_ascii=False, separators=(",", ":")) for each in objects)
    return "".join(f"{line}\n" for line in lines).encode()


def _data_view(names: IndexNames, index: str) -> SavedObject:
    return {
        "type": "index-pattern",
        "id": _id(names, "index", index.removeprefix(names.prefix)),
        "attributes": {"title": index, "timeFieldName": "timestamp"},
        "references": [],
        "migrationVersion": {"index-pattern": "7.6.0"},
    }


def _visualization(names: IndexNames, panel: Panel, least_sessions: int) -> SavedObject:
    spec = vega_lite(panel, panel.index(names), least_sessions)
    title = _title(names, panel.title)
    state = {"title": title, "type": "vega", "aggs": [], "params": {"spec": _json(spec, indent=2)}}
    return {
        "type": "visualization",
        "id": _id(names, "panel", panel.key),
        "attributes": {
            "title": title,
            "description": panel.says,
            "visState": _json(state),
            "uiStateJSON": "{}",
            "version": 1,
            "kibanaSavedObjectMeta": {"searchSourceJSON": _json(NO_QUERY)},
        },
        "references": [],
        "migrationVersion": {"visualization": "7.10.0"},
    }


def _dashboard(names: IndexNames, board: Board) -> SavedObject:
    panels = [
        {
            "version": VERSION,
            "gridData": {**cell, "i": str(number)},
            "panelIndex": str(number),
            "embeddableConfig": {"hidePanelTitles": False},
            "title": panel.title,
            "panelRefName": f"panel_{number}",
        }
        for number, (panel, cell) in enumerate(_in_grid(board.panels))
    ]
    references = [
        {"name": f"panel_{number}", "type": "visualization", "id": _id(names, "panel", panel.key)}
        for number, panel in enumerate(board.panels)
    ]
    return {
        "type": "dashboard",
        "id": _id(names, "dashboard", board.key),
        "attributes": {
            "title": _title(names, board.title),
            "description": board.says,
            "hits": 0,
            "panelsJSON": _json(panels),
            "optionsJSON": _json({"hidePanelTitles": False, "useMargins": True}),
            "version": 1,
            "timeRestore": True,
            "timeFrom": "now-7d",
            "timeTo": "now",
            "kibanaSavedObjectMeta": {"searchSourceJSON": _json(NO_QUERY)},
        },
        "references": references,
        "migrationVersion": {"dashboard": "7.9.3"},
    }


def _in_grid(panels: Sequence[Panel]) -> Iterator[tuple[Panel, dict[str, int]]]:
    """Each panel with its cell of the grid, row by row."""
    x = y = row_height = 0
    for panel in panels:
        width, height = _width(panel), _HEIGHTS[panel.kind]
        if x + width > GRID:
            x, y, row_height = 0, y + row_height, 0
        yield panel, {"x": x, "y": y, "w": width, "h": height}
        x, row_height = x + width, max(row_height, height)


def _width(panel: Panel) -> int:
    if panel.kind == "lines":
        return GRID // 3
    many = panel.kind == "figures" or len(panel.columns) > 5
    return GRID if many else GRID // 2


def _id(names: IndexNames, kind: str, key: str) -> str:
    """Stable, so that an import replaces the one before, and another prefix has its own."""
    return f"{names.prefix or 'live-intent-'}{kind}-{key}"


def _title(names: IndexNames, title: str) -> str:
    return f"[{names.prefix.rstrip('-_.') or 'live-intent'}] {title}"


def _json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)
