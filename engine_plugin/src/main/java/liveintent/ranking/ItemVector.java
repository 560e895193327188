package liveintent.ranking;

import liveintent.model.Layout;
import liveintent.session.Float16;

/**
 * The vector of the candidate at hand, g = [meaning half ; behaviour half], read from doc values
 * into one buffer for all candidates.
 */
final class ItemVector {
  private static final float ZERO = 1e-12f; // a shorter half has no direction

  final float[] numbers; // float32 [dims]
  final int behaviourStart;
  private final Layout layout;
  private float toUnitMeaning;
  private float toUnitBehaviour;

  ItemVector(Layout layout) {
    this.layout = layout;
    this.numbers = new float[layout.dims()];
    this.behaviourStart = layout.behaviourStart();
  }

  /** Reads a candidate's vector; false where it has none of the index's dims and finite numbers. */
  boolean read(Candidate candidate) {
    int dims = numbers.length;
    if (candidate.bytes == null || candidate.length != dims * Float16.BYTES) {
      return false;
    }
    for (int index = 0; index < dims; index++) {
      numbers[index] = Float16.at(candidate.bytes, candidate.offset + index * Float16.BYTES);
    }
    float meaning = Products.dot(numbers, 0, numbers, 0, layout.meaningDims());
    float behaviour = meaning;
    toUnitMeaning = 1;
    toUnitBehaviour = 1;
    if (layout.concat()) {
      int start = behaviourStart;
      behaviour = Products.dot(numbers, start, numbers, start, layout.behaviourDims());
      toUnitMeaning = inverse((float) Math.sqrt(meaning));
      toUnitBehaviour = inverse((float) Math.sqrt(behaviour));
    }
    return Float.isFinite(meaning + behaviour);
  }

  /** Inner product of the meaning half at unit length with {@code vector} float32 [M]. */
  float meaningProduct(float[] vector) {
    return toUnitMeaning * Products.dot(numbers, 0, vector, 0, vector.length);
  }

  /** Inner product of the whole vector with {@code vector} float32 [dims]. */
  float product(float[] vector) {
    return Products.dot(numbers, 0, vector, 0, vector.length);
  }

  /** The factor that brings the behaviour half to unit length; 1 in the layout sum. */
  float toUnitBehaviour() {
    return toUnitBehaviour;
  }

  private static float inverse(float norm) {
    return norm > ZERO ? 1 / norm : 0;
  }
}
