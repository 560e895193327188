package liveintent.ranking;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import liveintent.model.RankingWeights;
import org.junit.jupiter.api.Test;

class NormalizerTest {
  private static final float NAN = Float.NaN;
  private static final RankingWeights WEIGHTS =
      new RankingWeights(1, 0.5f, 0.8f, 0.2f, 0.3f, 0.05f, 3, 1, 0.1f, 3, 2);

  @Test
  void scoresNoCandidates() {
    assertEquals(List.of(), shares(1));
  }

  @Test
  void scoresOneCandidate() {
    Shares shares = shares(1, new CandidateParts(5, 0.3f, 0.2f, 0.1f, 0.5f, true)).get(0);
    assertEquals(1, shares.words(), 1e-6);
    assertEquals(0, shares.meaning(), 1e-6);
    assertEquals(0, shares.person(), 1e-6);
    assertEquals(0.4, shares.events(), 1e-6);
    assertEquals(0.525, shares.popularity(), 1e-6);
    assertEquals(1.925, shares.total(), 1e-6);
  }

  @Test
  void comparesPartsWithTheList() {
    List<Shares> shares =
        shares(
            2,
            new CandidateParts(8, -1, 0.5f, 0, 0, true),
            new CandidateParts(4, 1, -0.5f, 0, 1, true));
    assertEquals(0.5, shares.get(1).words(), 1e-6);
    assertEquals(0.5, shares.get(1).meaning(), 1e-6);
    assertEquals(0.8 * (1 + 3 * 0.5), shares.get(0).person(), 1e-6);
    assertEquals(0.05 + 0.125 * 0.125, shares.get(1).popularity(), 1e-6); // half the words, squared
  }

  @Test
  void givesItemsWithoutWordsNoBreadth() {
    List<Shares> shares =
        shares(
            3,
            new CandidateParts(8, NAN, 0, 0.1f, 1, true),
            new CandidateParts(NAN, NAN, 1, 0.1f, 1, false));
    assertEquals(0, shares.get(1).words());
    assertEquals(0.8, shares.get(1).person(), 1e-6);
    assertEquals(0.1, shares.get(1).events(), 1e-6);
    assertEquals(0.05, shares.get(1).popularity(), 1e-6);
  }

  @Test
  void scoresASearchWithoutWords() {
    Shares shares = shares(0, new CandidateParts(NAN, NAN, 0, 0.1f, 1, false)).get(0);
    assertEquals(0.1 * 10, shares.events(), 1e-6);
    assertEquals(0.05 + 9, shares.popularity(), 1e-6);
  }

  @Test
  void keepsAllScoresFinite() {
    float[] values = {NAN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 0, -1, 1, 1e-40f};
    for (float first : values) {
      for (float second : values) {
        for (int queryTerms = 0; queryTerms < 3; queryTerms++) {
          List<Shares> shares =
              shares(
                  queryTerms,
                  new CandidateParts(first, second, first, second, first, true),
                  new CandidateParts(second, first, second, first, second, false));
          assertTrue(shares.stream().allMatch(each -> Float.isFinite(each.total())));
        }
      }
    }
  }

  private static List<Shares> shares(int queryTerms, CandidateParts... candidates) {
    return new Normalizer(WEIGHTS, queryTerms).shares(List.of(candidates));
  }
}
