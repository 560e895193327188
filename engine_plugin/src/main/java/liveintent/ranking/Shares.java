package liveintent.ranking;

/**
 * What each part adds to a candidate's score.
 *
 * @param total the sum of the others
 */
public record Shares(
    float words, float meaning, float person, float events, float popularity, float total) {

  static Shares of(float words, float meaning, float person, float events, float popularity) {
    float total = words + meaning + person + events + popularity;
    return new Shares(words, meaning, person, events, popularity, total);
  }
}
