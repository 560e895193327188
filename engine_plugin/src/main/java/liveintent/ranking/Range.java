package liveintent.ranking;

import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * The least and the largest of one part over a list; mirrors {@code reranker._range}. Values that
 * are not finite do not count.
 */
record Range(float least, float largest) {
  private static final float CONSTANT = 1e-6f;

  static Range of(List<CandidateParts> candidates, ToDoubleFunction<CandidateParts> part) {
    float least = Float.POSITIVE_INFINITY;
    float largest = Float.NEGATIVE_INFINITY;
    for (CandidateParts candidate : candidates) {
      float value = (float) part.applyAsDouble(candidate);
      if (Float.isFinite(value)) {
        least = Math.min(least, value);
        largest = Math.max(largest, value);
      }
    }
    return new Range(least, largest);
  }

  /** Whether the list has a value that counts. */
  boolean known() {
    return least <= largest;
  }

  /** The value between 0, the least, and 1, the largest; 0 for one that does not count. */
  float scaled(float value) {
    if (!Float.isFinite(value)) {
      return 0;
    }
    float spread = largest - least;
    return (value - least) / (spread > CONSTANT ? spread : 1);
  }
}
