package liveintent.search.statistics;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import liveintent.search.request.Reason;

/** Counts of this node's searches that named a visitor, since it started. */
public final class Statistics {
  private final LongAdder personalised = new LongAdder();
  private final Map<Reason, LongAdder> plain = new EnumMap<>(Reason.class);
  private final LongAdder sessionReads = new LongAdder();
  private final LongAdder unchangedReads = new LongAdder();
  private final LongAdder sessionNanos = new LongAdder();

  public Statistics() {
    for (Reason reason : Reason.values()) {
      plain.put(reason, new LongAdder());
    }
  }

  /** Count a personalised search. */
  public void countPersonalised() {
    personalised.increment();
  }

  /** Count a search that kept its order. */
  public void countPlain(Reason reason) {
    plain.get(reason).increment();
  }

  /**
   * Count one read of session and user.
   *
   * @param unchanged whether the visitor was kept, and the documents were as before
   */
  public void sessionRead(long nanos, boolean unchanged) {
    sessionReads.increment();
    if (unchanged) {
      unchangedReads.increment();
    }
    sessionNanos.add(nanos);
  }

  /** The counts now. */
  public NodeCounts counts() {
    Map<Reason, Long> reasons = new EnumMap<>(Reason.class);
    plain.forEach(
        (reason, count) -> {
          if (count.sum() > 0) {
            reasons.put(reason, count.sum());
          }
        });
    return new NodeCounts(
        personalised.sum(),
        reasons,
        new NodeCounts.SessionReads(sessionReads.sum(), unchangedReads.sum(), sessionNanos.sum()));
  }
}
