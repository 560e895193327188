package liveintent.model;

/** Arithmetic on float32 vectors; sums are kept in float64. */
public final class Vectors {
  private static final double ZERO = 1e-12; // a shorter vector has no direction

  private Vectors() {}

  public static double dot(float[] first, float[] second) {
    double sum = 0;
    for (int index = 0; index < first.length; index++) {
      sum += (double) first[index] * second[index];
    }
    return sum;
  }

  public static double norm(float[] vector) {
    return Math.sqrt(dot(vector, vector));
  }

  /** The vector at unit length; a zero vector stays zero. Mirrors {@code projections.unit}. */
  public static float[] unit(float[] vector) {
    double norm = norm(vector);
    return norm > ZERO ? scaled(vector, 1 / norm) : new float[vector.length];
  }

  public static float[] scaled(float[] vector, double factor) {
    float[] result = new float[vector.length];
    for (int index = 0; index < vector.length; index++) {
      result[index] = (float) (vector[index] * factor);
    }
    return result;
  }
}
