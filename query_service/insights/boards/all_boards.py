"""Every dashboard, in the order in which they are shown."""

from query_service.insights.boards.exposure import EXPOSURE
from query_service.insights.boards.health import HEALTH
from query_service.insights.boards.indexing import INDEXING
from query_service.insights.boards.personalisation import PERSONALISATION
from query_service.insights.boards.search_quality import SEARCH_QUALITY
from query_service.insights.panel import Board, Panel

BOARDS: tuple[Board, ...] = (SEARCH_QUALITY, PERSONALISATION, EXPOSURE, INDEXING, HEALTH)


def all_panels() -> dict[str, Panel]:
    """Every panel once, by its key; two dashboards may share one."""
    return {panel.key: panel for board in BOARDS for panel in board.panels}
