"""Names that trackers give to actions, and their list in docs/http-api.md."""

from pathlib import Path

from indexer.catalogue.understood import with_lists
from query_service.user.action_names import ACTION_NAMES, action_named, markdown
from query_service.user.actions import ACTIONS

PAGE = Path(__file__).parents[3] / "docs" / "http-api.md"


def test_the_page_agrees_with_the_code() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_lists(page, markdown()), "run scripts/understood"


def test_every_listed_name_means_its_action_and_no_other() -> None:
    for names in ACTION_NAMES.values():
        for action, others in names.items():
            assert action in ACTIONS
            assert {action_named(other) for other in others} == {action}
    assert [action_named(action) for action in ACTIONS] == list(ACTIONS)
    for name in ("view_item_list", "refund", "Checkout Started", "checkout_step", "search"):
        assert action_named(name) is None
