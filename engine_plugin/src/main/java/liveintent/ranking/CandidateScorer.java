package liveintent.ranking;

import liveintent.model.Layout;
import liveintent.model.RankingWeights;
import liveintent.model.Vectors;
import liveintent.session.Float16;

/**
 * The parts of candidates' scores for one visitor; the candidate's side of {@code
 * query_service/ranking/reranker.py}. Not safe for use from several threads.
 */
public final class CandidateScorer {
  private final VisitorInput visitor;
  private final Attention attention;
  private final Affinity affinity;

  public CandidateScorer(VisitorInput visitor) {
    this.visitor = visitor;
    float temperature = visitor.weights().temperature();
    this.attention = new Attention(visitor.events(), visitor.layout(), temperature);
    this.affinity = new Affinity(visitor.events(), visitor.affinity());
  }

  /** The parts of one candidate. Without a vector of the index's dims: words and popularity. */
  public CandidateParts score(Candidate candidate) {
    Layout layout = visitor.layout();
    float popularity = Popularity.scaled(candidate.popularity, visitor.maxPopularity());
    if (candidate.bytes == null || candidate.length != layout.dims() * Float16.BYTES) {
      return withoutVector(candidate, popularity);
    }
    float[] vector = Float16.floats(candidate.bytes, candidate.offset, layout.dims());
    if (!Double.isFinite(Vectors.norm(vector))) {
      return withoutVector(candidate, popularity);
    }
    return new CandidateParts(
        candidate.bm25,
        product(visitor.queryMeaning(), layout.meaning(vector)),
        product(visitor.userVector(), vector),
        events(candidate, layout.behaviour(vector)),
        popularity,
        candidate.hasWords);
  }

  private static CandidateParts withoutVector(Candidate candidate, float popularity) {
    return new CandidateParts(
        candidate.bm25, Float.NaN, Float.NaN, 0, popularity, candidate.hasWords);
  }

  private float events(Candidate candidate, float[] behaviour) {
    RankingWeights weights = visitor.weights();
    float shared = affinity.of(candidate.brand, candidate.category, candidate.price);
    return weights.attention() * attention.of(behaviour) + weights.affinity() * shared;
  }

  private static float product(float[] ofVisitor, float[] ofCandidate) {
    return ofVisitor == null ? Float.NaN : (float) Vectors.dot(ofVisitor, ofCandidate);
  }
}
