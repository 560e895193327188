package liveintent.ranking;

/** The scale of popularity; mirrors {@code Statistics.popularity}. */
final class Popularity {
  private final double logLargest;

  /** The scale of a catalogue with this largest popularity. */
  Popularity(double largest) {
    this.logLargest = largest > 0 ? Math.log1p(largest) : 0;
  }

  /** log(1 + p) / log(1 + max p), in [0, 1]; 0 for an unknown popularity. */
  float scaled(float popularity) {
    if (logLargest == 0 || !(popularity > 0)) {
      return 0;
    }
    return (float) Math.min(Math.log1p(popularity) / logLargest, 1);
  }
}
