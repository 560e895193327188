package liveintent.ranking;

/** The scale of popularity; mirrors {@code Statistics.popularity}. */
final class Popularity {
  private Popularity() {}

  /** log(1 + p) / log(1 + max p), in [0, 1]; 0 for an unknown popularity. */
  static float scaled(float popularity, double largest) {
    if (!(largest > 0) || !(popularity > 0)) {
      return 0;
    }
    return (float) Math.min(Math.log1p(popularity) / Math.log1p(largest), 1);
  }
}
