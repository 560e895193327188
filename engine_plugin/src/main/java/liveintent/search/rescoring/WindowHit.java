package liveintent.search.rescoring;

import java.util.Comparator;
import liveintent.ranking.CandidateParts;

/**
 * One hit of the search's own query.
 *
 * @param shard index of the shard in the search
 * @param document of the shard
 * @param queryScore of the search's own query
 * @param joined whether the person leg brought it into the window
 * @param parts what it is ranked by; null for a hit that was below the window of its shard
 */
public record WindowHit(
    int shard, int document, float queryScore, boolean joined, CandidateParts parts) {
  /** The order of the search's own query: as the engine merges shards. */
  static final Comparator<WindowHit> BY_QUERY =
      (a, b) -> {
        int byScore = Float.compare(b.queryScore, a.queryScore); // no object for each number
        int byShard = byScore == 0 ? Integer.compare(a.shard, b.shard) : byScore;
        return byShard == 0 ? Integer.compare(a.document, b.document) : byShard;
      };
}
