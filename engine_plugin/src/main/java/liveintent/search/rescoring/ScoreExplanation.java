package liveintent.search.rescoring;

import liveintent.ranking.Shares;
import org.apache.lucene.search.Explanation;

/** Explains a final score by its parts. */
public final class ScoreExplanation {
  private ScoreExplanation() {}

  /**
   * The explanation of a hit.
   *
   * @param query that of the query's own score
   */
  public static Explanation of(RankedHit hit, Explanation query) {
    Shares shares = hit.shares();
    if (shares == null) {
      String below = "live_intent: below the window, in the order of the query:";
      return Explanation.match(hit.score(), below, query);
    }
    return Explanation.match(
        hit.score(),
        "live_intent, sum of:",
        Explanation.match(shares.words(), "words, the query's own score, normalised:", query),
        Explanation.match(shares.meaning(), "meaning, likeness to the query vector"),
        Explanation.match(shares.person(), "person, likeness to the user vector"),
        Explanation.match(shares.events(), "events, attention to them and shared attributes"),
        Explanation.match(shares.popularity(), "popularity"));
  }
}
