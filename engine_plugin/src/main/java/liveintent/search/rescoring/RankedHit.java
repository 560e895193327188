package liveintent.search.rescoring;

import java.util.Comparator;
import liveintent.ranking.Shares;

/**
 * A hit with its final score.
 *
 * @param shares what the score adds up from; null below the window
 */
public record RankedHit(WindowHit hit, float score, Shares shares) {
  /** By the final score. Written out: it compares without an object for each number. */
  static final Comparator<RankedHit> BEST_FIRST = (a, b) -> Float.compare(b.score, a.score);
}
