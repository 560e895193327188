package liveintent.search.rescoring;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import liveintent.model.RankingWeights;
import liveintent.ranking.CandidateParts;
import liveintent.ranking.Normalizer;
import liveintent.ranking.Shares;

/** The final order of hits: those of the window as one normalised list, then all others. */
public final class WindowRanking {
  private WindowRanking() {}

  /**
   * All of {@code hits}, best first. The best {@code window} by their query's score are ranked,
   * with the {@code legSize} that the person leg brought and that are nearest to the visitor; the
   * others follow in that score's order. Ties keep it too.
   *
   * @param queryTerms number of the query's terms
   */
  public static List<RankedHit> of(
      List<WindowHit> hits, int window, int legSize, RankingWeights weights, int queryTerms) {
    Set<WindowHit> nearest = nearest(hits, legSize);
    List<WindowHit> sorted = new ArrayList<>(hits);
    if (!nearest.isEmpty()) {
      sorted.removeAll(nearest);
    }
    sorted.sort(WindowHit.BY_QUERY);
    int end = 0;
    while (end < Math.min(window, sorted.size()) && sorted.get(end).parts() != null) {
      end++;
    }
    List<WindowHit> inside = new ArrayList<>(sorted.subList(0, end));
    inside.addAll(nearest);
    inside.sort(WindowHit.BY_QUERY);
    List<CandidateParts> parts = inside.stream().map(WindowHit::parts).toList();
    List<Shares> shares = new Normalizer(weights, queryTerms).shares(parts);
    List<RankedHit> result = new ArrayList<>(hits.size());
    float lowest = Float.POSITIVE_INFINITY;
    for (int row = 0; row < inside.size(); row++) {
      float total = shares.get(row).total();
      lowest = Math.min(lowest, total);
      result.add(new RankedHit(inside.get(row), total, shares.get(row)));
    }
    result.sort(RankedHit.BEST_FIRST);
    for (WindowHit below : sorted.subList(end, sorted.size())) {
      result.add(new RankedHit(below, belowWindow(lowest, below.queryScore()), null));
    }
    return result;
  }

  private static Set<WindowHit> nearest(List<WindowHit> hits, int legSize) {
    return hits.stream()
        .filter(WindowHit::joined)
        .sorted(Comparator.comparing(hit -> -hit.parts().person()))
        .limit(legSize)
        .collect(Collectors.toSet());
  }

  /** As {@code scores.below_candidates}: under the window's lowest score, in the query's order. */
  static float belowWindow(float lowest, float queryScore) {
    return (float) (lowest - 1 / (1 + (double) Math.max(queryScore, 0)));
  }
}
