package liveintent.search.request;

import java.util.Locale;

/** Why a search keeps the engine's order. */
public enum Reason {
  SORTED("the request sorts by a field, and such an order is kept"),
  COLLAPSED("the request collapses its hits, which the engine does not re-rank"),
  SCROLL("the request scrolls, which the engine does not re-rank: page by from and size"),
  SEARCH_AFTER("the request has search_after, which needs a sort: page by from and size"),
  SLICED("the request reads one slice of its hits"),
  NO_HITS("the request has the size 0"),
  HYBRID("the request has a hybrid query, whose lists of hits are not one list"),
  RESCORED("the request itself has the rescorer live_intent"),
  SEVERAL_INDEXES("the request searches several indexes: name one, or an alias of one"),
  REMOTE_CLUSTER("the request searches another cluster"),
  NO_INDEX("the request names no index that there is"),
  OTHER_INDEX("the index was not made by live-intent index rebuild"),
  OTHER_FIELDS(
      "the index's mapping lacks vector_float16, or has another type of a field that is ranked by:"
          + " rebuild it"),
  NO_MODEL(
      "there is no model document of the index: live-intent config apply --pipeline writes it"),
  OTHER_SPACE(
      "the model document has another fingerprint or vector space than the index:"
          + " live-intent config apply --pipeline writes it again"),
  MODEL_UNREADABLE("the model document can't be read: see the log of the node"),
  UNKNOWN_SESSION("there is no document of this session or user"),
  NOTHING_KNOWN("the session has no event or query whose vector is of the index's vector space"),
  CONSENT("the visitor does not want to be personalised"),
  SESSION_UNREADABLE("the session can't be read: see the log of the node"),
  FIRST_ROUND("the search for what the shards have to know of each other failed"),
  LATE("the session was not read in time");

  private final String text;

  Reason(String text) {
    this.text = text;
  }

  /** The name in answers and statistics. */
  public String code() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** A sentence on it. */
  public String text() {
    return text;
  }
}
