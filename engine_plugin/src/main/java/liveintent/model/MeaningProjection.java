package liveintent.model;

import liveintent.session.Float16;

/**
 * Embeddings [D] as demand vectors in R^M, unit length; mirrors {@code ModelBundle.meaning}.
 *
 * <p>In the layout concat by P_M [M, D], which is kept as its transpose: the sum over D then runs
 * over M numbers that lie side by side.
 */
public final class MeaningProjection {
  private final float[] transposed; // [D, M]; null in the layout sum, where M = D
  private final int meaningDims;
  private final int embeddingDims;

  private MeaningProjection(float[] transposed, int meaningDims, int embeddingDims) {
    this.transposed = transposed;
    this.meaningDims = meaningDims;
    this.embeddingDims = embeddingDims;
  }

  /** That of the layout sum. */
  static MeaningProjection none(int dims) {
    return new MeaningProjection(null, dims, dims);
  }

  /** That of P_M, float16 [M, D] row by row. */
  static MeaningProjection of(byte[] projection, int meaningDims, int embeddingDims) {
    if (!Float16.isVector(projection, meaningDims * embeddingDims)) {
      throw new IllegalArgumentException(
          String.format(
              "meaning_projection must hold %d x %d finite float16 numbers",
              meaningDims, embeddingDims));
    }
    float[] transposed = new float[meaningDims * embeddingDims];
    for (int row = 0; row < meaningDims; row++) {
      for (int column = 0; column < embeddingDims; column++) {
        int index = row * embeddingDims + column;
        transposed[column * meaningDims + row] = Float16.at(projection, index * Float16.BYTES);
      }
    }
    return new MeaningProjection(transposed, meaningDims, embeddingDims);
  }

  /** Numbers of an embedding, D. */
  public int embeddingDims() {
    return embeddingDims;
  }

  /** The demand vector of an embedding float32 [D], float32 [M]. */
  public float[] meaning(float[] embedding) {
    if (transposed == null) {
      return Vectors.unit(embedding);
    }
    float[] projected = new float[meaningDims];
    for (int column = 0; column < embeddingDims; column++) {
      float value = embedding[column];
      int start = column * meaningDims;
      for (int row = 0; row < meaningDims; row++) {
        projected[row] += value * transposed[start + row];
      }
    }
    return Vectors.unit(projected);
  }
}
