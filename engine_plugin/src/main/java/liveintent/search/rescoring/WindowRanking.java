package liveintent.search.rescoring;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import liveintent.model.RankingWeights;
import liveintent.ranking.CandidateParts;
import liveintent.ranking.Normalizer;
import liveintent.ranking.Shares;

/** The final order of hits: those of the window as one normalised list, then all others. */
public final class WindowRanking {
  private WindowRanking() {}

  /**
   * All of {@code hits}, best first. The best {@code window} by their query's score are ranked; the
   * others follow in that score's order. Ties keep it too.
   *
   * @param queryTerms number of the query's terms
   */
  public static List<RankedHit> of(
      List<WindowHit> hits, int window, RankingWeights weights, int queryTerms) {
    List<WindowHit> sorted = new ArrayList<>(hits);
    sorted.sort(WindowHit.BY_QUERY);
    int ranked = 0;
    List<CandidateParts> parts = new ArrayList<>();
    while (ranked < Math.min(window, sorted.size()) && sorted.get(ranked).parts() != null) {
      parts.add(sorted.get(ranked++).parts());
    }
    List<Shares> shares = new Normalizer(weights, queryTerms).shares(parts);
    List<RankedHit> result = new ArrayList<>(sorted.size());
    float lowest = Float.POSITIVE_INFINITY;
    for (int row = 0; row < ranked; row++) {
      float total = shares.get(row).total();
      lowest = Math.min(lowest, total);
      result.add(new RankedHit(sorted.get(row), total, shares.get(row)));
    }
    result.sort(Comparator.comparing(RankedHit::score, Comparator.reverseOrder()));
    for (WindowHit below : sorted.subList(ranked, sorted.size())) {
      result.add(new RankedHit(below, belowWindow(lowest, below.queryScore()), null));
    }
    return result;
  }

  /** As {@code scores.below_candidates}: under the window's lowest score, in the query's order. */
  static float belowWindow(float lowest, float queryScore) {
    return (float) (lowest - 1 / (1 + (double) Math.max(queryScore, 0)));
  }
}
