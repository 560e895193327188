package liveintent.ranking;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import liveintent.model.AffinityWeights;
import liveintent.model.Layout;
import liveintent.model.RankingWeights;
import liveintent.session.Float16;
import org.junit.jupiter.api.Test;

class CandidateScorerTest {
  private static final RankingWeights WEIGHTS =
      new RankingWeights(1, 1, 1, 0.2f, 0.3f, 0.05f, 3, 1, 0.1f, 3, 2);
  private static final AffinityWeights AFFINITY = new AffinityWeights(0.5f, 0.3f, 0.2f);
  private static final byte[] FIRST = Float16.bytes(new float[] {1, 0});
  private static final byte[] SECOND = Float16.bytes(new float[] {0, 1});

  @Test
  void scoresACandidateWithoutVectorByWordsAndPopularity() {
    Candidate candidate = candidate(null);
    CandidateParts expected = new CandidateParts(2, Float.NaN, Float.NaN, 0, 1, true);
    assertEquals(expected, scorer(event(1, FIRST)).score(candidate));
    candidate.bytes = new byte[] {1, 2, 3};
    candidate.length = 3; // of another index
    assertEquals(expected, scorer(event(1, FIRST)).score(candidate));
    candidate.bytes = Float16.bytes(new float[] {Float.NaN, 1});
    candidate.length = 4;
    assertEquals(expected, scorer(event(1, FIRST)).score(candidate));
  }

  @Test
  void attendsToTheEventThatIsLikeTheCandidate() {
    CandidateScorer scorer = scorer(event(0.5f, FIRST), event(-0.5f, SECOND));
    assertEquals(0.2, scorer.score(candidate(FIRST)).events(), 1e-4);
    assertEquals(-0.2, scorer.score(candidate(SECOND)).events(), 1e-4);
  }

  @Test
  void survivesWeightsThatUnderflow() {
    CandidateScorer scorer = scorer(event(Float.MIN_VALUE, FIRST), event(0, SECOND));
    assertTrue(Float.isFinite(scorer.score(candidate(FIRST)).events()));
    assertTrue(Float.isFinite(scorer.score(candidate(SECOND)).events()));
    assertEquals(0, scorer().score(candidate(FIRST)).events());
    assertEquals(0, scorer(event(0, null)).score(candidate(FIRST)).events());
  }

  @Test
  void comparesBrandCategoryAndPrice() {
    EventInput event =
        new EventInput("1", -1, null, List.of("äpfel"), List.of("phones > cases"), 10);
    Candidate candidate = candidate(FIRST);
    CandidateScorer scorer = scorer(event);
    assertEquals(0, scorer.score(candidate).events());
    candidate.brand = "Äpfel";
    assertEquals(-0.3 * 0.5, scorer.score(candidate).events(), 1e-6);
    candidate.addCategory("Phones");
    assertEquals(-0.3 * 0.5, scorer.score(candidate).events(), 1e-6);
    candidate.addCategory("Phones > Cases");
    assertEquals(-0.3 * 0.8, scorer.score(candidate).events(), 1e-6);
    candidate.price = 32; // the band 10
    assertEquals(-0.3, scorer.score(candidate).events(), 1e-6);
    candidate.price = 64; // two bands further
    assertEquals(-0.3 * 0.9, scorer.score(candidate).events(), 1e-6);
    candidate.price = Float.POSITIVE_INFINITY;
    assertEquals(-0.3 * 0.8, scorer.score(candidate).events(), 1e-6);
  }

  @Test
  void scalesPopularity() {
    Candidate candidate = candidate(null);
    candidate.popularity = 0;
    assertEquals(0, scorer().score(candidate).popularity());
    candidate.popularity = 9;
    assertEquals(0.5, scorer().score(candidate).popularity(), 1e-6);
    candidate.popularity = Float.NaN;
    assertEquals(0, scorer().score(candidate).popularity());
    candidate.popularity = 1e9f;
    assertEquals(1, scorer().score(candidate).popularity());
  }

  private static Candidate candidate(byte[] vector) {
    Candidate candidate = new Candidate();
    candidate.clear();
    candidate.bytes = vector;
    candidate.length = vector == null ? 0 : vector.length;
    candidate.popularity = 99;
    candidate.bm25 = 2;
    candidate.hasWords = true;
    return candidate;
  }

  private static EventInput event(float weight, byte[] vector) {
    return new EventInput("1", weight, vector, List.of(), List.of(), PriceBand.UNKNOWN);
  }

  private static CandidateScorer scorer(EventInput... events) {
    float[] vector = {1, 0};
    return new CandidateScorer(
        new VisitorInput(Layout.sum(2), WEIGHTS, AFFINITY, 99, vector, vector, List.of(events)));
  }
}
