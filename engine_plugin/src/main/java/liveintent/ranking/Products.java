package liveintent.ranking;

import java.util.Arrays;

/**
 * Inner products of float32 vectors. The compiler uses the processor's vectors for sums that run
 * side by side, not for one sum that has an order: so products with many vectors add up in an
 * array.
 */
final class Products {
  private Products() {}

  /** The inner product of {@code dims} numbers of two arrays, from an index in each. */
  static float dot(float[] first, int firstStart, float[] second, int secondStart, int dims) {
    float sum0 = 0;
    float sum1 = 0;
    float sum2 = 0;
    float sum3 = 0;
    int index = 0;
    for (; index + 3 < dims; index += 4) {
      int a = firstStart + index;
      int b = secondStart + index;
      sum0 += first[a] * second[b];
      sum1 += first[a + 1] * second[b + 1];
      sum2 += first[a + 2] * second[b + 2];
      sum3 += first[a + 3] * second[b + 3];
    }
    for (; index < dims; index++) {
      sum0 += first[firstStart + index] * second[secondStart + index];
    }
    return sum0 + sum1 + (sum2 + sum3);
  }

  /**
   * Inner products of a vector with each column of a matrix, eight rows at a time.
   *
   * @param vector the numbers from {@code start} on, as many as there are rows
   * @param rows each has {@code sums.length} numbers. Rows are arrays of their own: the compiler
   *     does not use the processor's vectors where two parts of one array could overlap.
   */
  static void withColumns(float[] vector, int start, float[][] rows, float[] sums) {
    Arrays.fill(sums, 0);
    int row = 0;
    for (; row + 7 < rows.length; row += 8) {
      addEight(vector, start + row, rows, row, sums);
    }
    for (; row < rows.length; row++) {
      float x = vector[start + row];
      float[] numbers = rows[row];
      for (int column = 0; column < sums.length; column++) {
        sums[column] += x * numbers[column];
      }
    }
  }

  private static void addEight(float[] vector, int start, float[][] rows, int row, float[] sums) {
    float x0 = vector[start];
    float x1 = vector[start + 1];
    float x2 = vector[start + 2];
    float x3 = vector[start + 3];
    float x4 = vector[start + 4];
    float x5 = vector[start + 5];
    float x6 = vector[start + 6];
    float x7 = vector[start + 7];
    float[] row0 = rows[row];
    float[] row1 = rows[row + 1];
    float[] row2 = rows[row + 2];
    float[] row3 = rows[row + 3];
    float[] row4 = rows[row + 4];
    float[] row5 = rows[row + 5];
    float[] row6 = rows[row + 6];
    float[] row7 = rows[row + 7];
    for (int column = 0; column < sums.length; column++) {
      sums[column] +=
          (x0 * row0[column] + x1 * row1[column] + x2 * row2[column] + x3 * row3[column])
              + (x4 * row4[column] + x5 * row5[column] + x6 * row6[column] + x7 * row7[column]);
    }
  }
}
