package liveintent.ranking;

import liveintent.model.RankingWeights;

/**
 * The parts of candidates' scores for one visitor; the candidate's side of {@code
 * query_service/ranking/reranker.py}. Not safe for use from several threads.
 */
public final class CandidateScorer {
  private final VisitorInput visitor;
  private final ItemVector vector;
  private final Attention attention;
  private final Affinity affinity;
  private final Popularity popularity;

  public CandidateScorer(VisitorInput visitor) {
    this.visitor = visitor;
    this.vector = new ItemVector(visitor.layout());
    float temperature = visitor.weights().temperature();
    this.attention = new Attention(visitor.events(), visitor.layout(), temperature);
    this.affinity = new Affinity(visitor.events(), visitor.affinity());
    this.popularity = new Popularity(visitor.maxPopularity());
  }

  /** The parts of one candidate. Without a vector of the index's dims: words and popularity. */
  public CandidateParts score(Candidate candidate) {
    boolean known = vector.read(candidate);
    float[] query = visitor.queryMeaning();
    float[] person = visitor.userVector();
    return new CandidateParts(
        candidate.bm25,
        known && query != null ? vector.meaningProduct(query) : Float.NaN,
        known && person != null ? vector.product(person) : Float.NaN,
        known ? events(candidate) : 0,
        popularity.scaled(candidate.popularity),
        candidate.hasWords);
  }

  private float events(Candidate candidate) {
    RankingWeights weights = visitor.weights();
    float shared = affinity.of(candidate.brand, candidate.category, candidate.price);
    return weights.attention() * attention.of(vector) + weights.affinity() * shared;
  }
}
