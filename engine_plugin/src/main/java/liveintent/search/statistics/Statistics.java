package liveintent.search.statistics;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import liveintent.search.request.RankOutcome;
import liveintent.search.request.RankReason;
import liveintent.search.request.Reason;

/** Counts of this node's searches that named a visitor, since it started. */
public final class Statistics {
  private final LongAdder personalised = new LongAdder();
  private final Map<Reason, LongAdder> plain = adders(Reason.class);
  private final LongAdder learned = new LongAdder();
  private final Map<RankReason, LongAdder> engine = adders(RankReason.class);
  private final LongAdder sessionReads = new LongAdder();
  private final LongAdder unchangedReads = new LongAdder();
  private final LongAdder sessionNanos = new LongAdder();

  /** Count a personalised search. */
  public void countPersonalised() {
    personalised.increment();
  }

  /** Count a search that kept its order. */
  public void countPlain(Reason reason) {
    plain.get(reason).increment();
  }

  /** Count a page by whose order it has. */
  public void countRank(RankOutcome outcome) {
    (outcome.reason() == null ? learned : engine.get(outcome.reason())).increment();
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
    return new NodeCounts(
        personalised.sum(),
        sums(plain),
        new NodeCounts.SessionReads(sessionReads.sum(), unchangedReads.sum(), sessionNanos.sum()),
        new NodeCounts.Ranks(learned.sum(), sums(engine)));
  }

  private static <E extends Enum<E>> Map<E, LongAdder> adders(Class<E> reasons) {
    Map<E, LongAdder> adders = new EnumMap<>(reasons);
    for (E reason : reasons.getEnumConstants()) {
      adders.put(reason, new LongAdder());
    }
    return adders;
  }

  /** What was counted; without what was not. */
  private static <E extends Enum<E>> Map<E, Long> sums(Map<E, LongAdder> adders) {
    Map<E, Long> sums = new HashMap<>();
    adders.forEach((reason, count) -> sums.put(reason, count.sum()));
    sums.values().removeIf(sum -> sum == 0);
    return sums;
  }
}
