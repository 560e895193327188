package liveintent.user;

import liveintent.model.Vectors;

/**
 * A part of the user vector: a weighted sum of its sources; mirrors {@code vector_part.py}, which
 * keeps a row per source.
 *
 * @param vector float32 [dims], zero without input
 * @param past whether a source of it is of the visitor's past, not the live query alone
 */
record VectorPart(float[] vector, boolean past) {
  static final double TINY = 1e-6;

  /** Whether the vector is not zero; a zero vector never reaches a cosine. */
  boolean known() {
    return Vectors.norm(vector) > TINY;
  }

  /** The part at unit length; without sources when the vector is zero. */
  VectorPart unit() {
    if (!known()) {
      return new VectorPart(new float[vector.length], false);
    }
    return new VectorPart(Vectors.scaled(vector, 1 / Vectors.norm(vector)), past);
  }

  /** share x first + (1 - share) x second at unit length; all weight to the one that is known. */
  static VectorPart mix(VectorPart first, VectorPart second, double share) {
    if (!second.known()) {
      return first.unit();
    }
    if (!first.known()) {
      return second.unit();
    }
    WeightedSum sum = new WeightedSum(first.vector.length);
    sum.add(first.vector, share);
    sum.add(second.vector, 1 - share);
    return new VectorPart(sum.vector(), first.past || second.past).unit();
  }

  /** The same part as dims {@code start} and on of a vector of {@code dims}, zero elsewhere. */
  VectorPart within(int dims, int start) {
    float[] wide = new float[dims];
    System.arraycopy(vector, 0, wide, start, vector.length);
    return new VectorPart(wide, past);
  }
}
