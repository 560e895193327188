package liveintent.search.learned;

import liveintent.search.request.RankReason;

/** The engine's order stays. */
final class RankFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private final RankReason reason;
  private final boolean counts;

  /**
   * @param counts whether it is one of the service, not of this one request
   */
  RankFailure(RankReason reason, String message, boolean counts) {
    super(message, null, false, false);
    this.reason = reason;
    this.counts = counts;
  }

  RankReason reason() {
    return reason;
  }

  boolean counts() {
    return counts;
  }
}
