package liveintent.search.request;

/** Ends the preparation of a search: it keeps the engine's order. */
public final class PlainOrder extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private final Reason reason;

  public PlainOrder(Reason reason) {
    super(reason.text(), null, false, false);
    this.reason = reason;
  }

  /** Why. */
  public Reason reason() {
    return reason;
  }
}
