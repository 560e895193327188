package liveintent.ranking;

import java.util.ArrayList;
import java.util.List;
import liveintent.model.RankingWeights;

/**
 * The scores of the candidates of one list, from their parts; mirrors {@code Reranker.score} and
 * {@code rerank_input.query_breadth}.
 */
public final class Normalizer {
  private static final float LEAST_BM25 = 1e-6f; // the best score counts as at least this

  private final RankingWeights weights;
  private final int queryTerms;

  /**
   * @param queryTerms number of the query's terms; 0 for a search without words
   */
  public Normalizer(RankingWeights weights, int queryTerms) {
    this.weights = weights;
    this.queryTerms = queryTerms;
  }

  /** The shares of all candidates, in their order. All of them are finite. */
  public List<Shares> shares(List<CandidateParts> candidates) {
    Range bm25 = Range.of(candidates, CandidateParts::bm25);
    Range similarity = Range.of(candidates, CandidateParts::similarity);
    Range person = Range.of(candidates, CandidateParts::person);
    List<Shares> shares = new ArrayList<>(candidates.size());
    for (CandidateParts parts : candidates) {
      float breadth = breadth(parts, bm25);
      float personal = 1 + weights.breadth() * breadth;
      float popularity = weights.popularity() + weights.broadPopularity() * breadth * breadth;
      shares.add(
          Shares.of(
              weights.words() * finite(parts.bm25()) / Math.max(bm25.largest(), LEAST_BM25),
              weights.meaning() * similarity.scaled(parts.similarity()),
              personal * weights.person() * person.scaled(parts.person()),
              personal * finite(parts.events()),
              popularity * finite(parts.popularity())));
    }
    return shares;
  }

  /**
   * Query breadth of a candidate: 1 / the query's number of terms, 0 for an item without its words;
   * of several terms less for an item that lacks some, by its share of the best BM25.
   */
  private float breadth(CandidateParts parts, Range bm25) {
    if (queryTerms == 0) {
      return weights.breadthWithoutQuery();
    }
    float breadth = parts.hasWords() ? 1f / queryTerms : 0;
    if (queryTerms == 1 || !bm25.known() || bm25.largest() <= 0) {
      return breadth;
    }
    // What only other clauses returned has no more of the words than the last one with them.
    float score = Float.isFinite(parts.bm25()) ? parts.bm25() : bm25.least();
    return breadth * (float) Math.pow(Math.max(score, 0) / bm25.largest(), weights.coveragePower());
  }

  private static float finite(float value) {
    return Float.isFinite(value) ? value : 0;
  }
}
