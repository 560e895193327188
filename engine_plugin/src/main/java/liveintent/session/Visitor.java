package liveintent.session;

import java.util.List;

/**
 * Events and queries, oldest first: this session's and, for a known user, earlier sessions'.
 *
 * @param personalise false where the session refused it
 * @param firstReceived when the oldest of these rows was received, ms since 1970; the largest
 *     number without rows
 */
public record Visitor(
    List<Event> events, List<PastQuery> queries, boolean personalise, long firstReceived) {

  /** Seconds since 1970 of the newest event or query; {@code absent} where there is none. */
  public double newest(double absent) {
    double newest = Double.NEGATIVE_INFINITY;
    for (Event event : events) {
      newest = Math.max(newest, event.timestamp());
    }
    for (PastQuery query : queries) {
      newest = Math.max(newest, query.timestamp());
    }
    return newest == Double.NEGATIVE_INFINITY ? absent : newest;
  }
}
