package liveintent.user;

/** A sum of weighted vectors, in float64 [dims]. */
final class WeightedSum {
  private final double[] sums;

  WeightedSum(int dims) {
    sums = new double[dims];
  }

  void add(float[] vector, double weight) {
    for (int index = 0; index < sums.length; index++) {
      sums[index] += weight * vector[index];
    }
  }

  /** The sum, float32 [dims]. */
  float[] vector() {
    float[] vector = new float[sums.length];
    for (int index = 0; index < sums.length; index++) {
      vector[index] = (float) sums[index];
    }
    return vector;
  }
}
