package liveintent.search.learned;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** Pauses after failures in a row, so that a dead service costs searches nothing. */
final class Breaker {
  static final int FAILURES = 5;
  static final long PAUSE_MILLIS = 5000;
  private static final long NO_PAUSE = Long.MIN_VALUE;
  private final LongSupplier clockMillis;
  private final AtomicInteger failures = new AtomicInteger();
  private final AtomicLong pausedUntil = new AtomicLong(NO_PAUSE);

  Breaker(LongSupplier clockMillis) {
    this.clockMillis = clockMillis;
  }

  /** Whether the service may be asked: after a pause one search tries, the others wait for it. */
  boolean admits() {
    long until = pausedUntil.get();
    if (until == NO_PAUSE) {
      return true;
    }
    long now = clockMillis.getAsLong();
    return now >= until && pausedUntil.compareAndSet(until, now + PAUSE_MILLIS);
  }

  void succeeded() {
    failures.set(0);
    pausedUntil.set(NO_PAUSE);
  }

  /** Count a failure; true: a pause begins with it. */
  boolean failed() {
    if (failures.incrementAndGet() < FAILURES) {
      return false;
    }
    return pausedUntil.getAndSet(clockMillis.getAsLong() + PAUSE_MILLIS) == NO_PAUSE;
  }
}
