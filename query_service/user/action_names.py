"""Other names of our actions: those of common trackers, in any case and with any separators."""

import re

from query_service.user.actions import ACTIONS

# By tracker: action -> its names.
ACTION_NAMES: dict[str, dict[str, tuple[str, ...]]] = {
    "Google Analytics 4": {
        "view": ("view_item",),
        "click": ("select_item",),
        "like": ("add_to_wishlist",),
    },
    "Google Universal Analytics": {
        "view": ("detail",),
        "add_to_cart": ("add",),
        "remove_from_cart": ("remove",),
    },
    "Segment, RudderStack": {
        "view": ("Product Viewed",),
        "click": ("Product Clicked",),
        "add_to_cart": ("Product Added", "Wishlist Product Added to Cart"),
        "remove_from_cart": ("Product Removed",),
        "purchase": ("Order Completed",),
        "like": ("Product Added to Wishlist",),
        "share": ("Product Shared",),
        "comment": ("Product Reviewed",),
    },
    "Snowplow": {
        "view": ("trackProductView",),
        "click": ("list_click", "trackProductListClick"),
        "add_to_cart": ("trackAddToCart",),
        "remove_from_cart": ("trackRemoveFromCart",),
        "purchase": ("transaction", "trackTransaction"),
    },
    "Algolia Insights": {
        "view": ("viewedObjectIDs",),
        "click": ("clickedObjectIDs", "clickedObjectIDsAfterSearch"),
        "add_to_cart": ("addedToCartObjectIDs", "addedToCartObjectIDsAfterSearch"),
        "purchase": ("purchasedObjectIDs", "purchasedObjectIDsAfterSearch"),
    },
    "Google Vertex AI Search": {
        "view": ("detail-page-view",),
        "purchase": ("purchase-complete",),
        "watch": ("media-play", "media-complete"),
    },
    "Shopify web pixels": {
        "view": ("product_viewed",),
        "add_to_cart": ("product_added_to_cart",),
        "remove_from_cart": ("product_removed_from_cart",),
        "purchase": ("checkout_completed",),
    },
    "Meta, TikTok and Pinterest pixels": {
        "view": ("ViewContent",),
        "purchase": ("CompletePayment", "PlaceAnOrder"),
    },
    "Adobe": {
        "view": ("prodView", "commerce.productViews"),
        "add_to_cart": ("scAdd", "commerce.productListAdds"),
        "remove_from_cart": ("scRemove", "commerce.productListRemovals"),
        "purchase": ("commerce.purchases",),
        "like": ("commerce.saveForLaters",),
    },
    "Matomo": {
        "view": ("setEcommerceView",),
        "add_to_cart": ("addEcommerceItem",),
        "remove_from_cart": ("removeEcommerceItem",),
        "purchase": ("trackEcommerceOrder", "ecommerceOrder"),
    },
    "Klaviyo": {
        "view": ("Viewed Product",),
        "add_to_cart": ("Added to Cart",),
        "purchase": ("Ordered Product", "Placed Order"),
    },
    "User Behavior Insights and others": {
        "view": (
            "item_view",
            "product_view",
            "product_detail_view",
            "product_hover",
            "detailView",
            "item_viewed",
            "quick_view",
        ),
        "click": ("item_click", "product_click", "click_through"),
        "add_to_cart": ("add_to_basket", "add_to_bag", "cart_add", "cart_addition"),
        "remove_from_cart": ("remove_from_basket", "remove_from_bag", "cart_remove"),
        "purchase": ("buy", "order", "checkout"),
        "watch": ("play", "video_watch"),
        "like": ("favorite", "favourite", "thumbs_up", "wishlist", "bookmark"),
        "comment": ("review",),
        "dislike": ("thumbs_down", "declined_product", "reject"),
    },
}


def _key(name: str) -> str:
    """Letters and digits in lower case: `Add To Cart`, `addToCart`, `add-to-cart`: addtocart."""
    return re.sub(r"[\W_]+", "", name.lower())


_ACTIONS = {_key(action): action for action in ACTIONS} | {
    _key(name): action
    for names in ACTION_NAMES.values()
    for action, others in names.items()
    for name in others
}


def action_named(name: str) -> str | None:
    """The action that a tracker calls so; None if it is no action on an item."""
    return _ACTIONS.get(_key(name))


def markdown() -> str:
    """The table in docs/http-api.md."""
    rows = ["| tracker | action: its names there |", "| --- | --- |"]
    for tracker, names in ACTION_NAMES.items():
        cells = (
            f"{action}: " + ", ".join(f"`{other}`" for other in others)
            for action, others in names.items()
        )
        rows.append(f"| {tracker} | {'; '.join(cells)} |")
    return "\n".join(rows) + "\n"
