package liveintent.model;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import liveintent.session.StoredFields;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;
import org.opensearch.core.common.io.stream.Writeable;

/**
 * The fixed weights of the re-ranker; mirrors {@code reranker.RerankerWeights} and the constants of
 * {@code rerank_input.py}.
 *
 * @param breadth what a one-word query adds to the weight of everything personal
 * @param broadPopularity likewise to that of popularity
 * @param temperature of the attention from a candidate to the events
 * @param breadthWithoutQuery query breadth of a search without query terms
 * @param coveragePower power of the share of the query's words that an item has
 */
public record RankingWeights(
    float words,
    float meaning,
    float person,
    float attention,
    float affinity,
    float popularity,
    float breadth,
    float broadPopularity,
    float temperature,
    float breadthWithoutQuery,
    float coveragePower)
    implements Writeable {
  /** The names of the weights, as the model document and a request have them. */
  public static final List<String> NAMES =
      List.of(
          "words",
          "meaning",
          "person",
          "attention",
          "affinity",
          "popularity",
          "breadth",
          "broad_popularity",
          "temperature",
          "breadth_without_query",
          "coverage_power");

  /** The largest value of every weight. */
  public static final double LARGEST = 1000;

  private static final double LEAST_TEMPERATURE = 0.001;

  static RankingWeights of(StoredFields ranking) {
    float[] values = new float[NAMES.size()];
    for (int index = 0; index < values.length; index++) {
      values[index] = (float) ranking.number(NAMES.get(index));
    }
    return of(values);
  }

  public RankingWeights(StreamInput in) throws IOException {
    this(of(in.readFloatArray()));
  }

  private RankingWeights(RankingWeights other) {
    this(
        other.words,
        other.meaning,
        other.person,
        other.attention,
        other.affinity,
        other.popularity,
        other.breadth,
        other.broadPopularity,
        other.temperature,
        other.breadthWithoutQuery,
        other.coveragePower);
  }

  @Override
  public void writeTo(StreamOutput out) throws IOException {
    out.writeFloatArray(values());
  }

  /**
   * The same weights with those of a request in place of some.
   *
   * @throws IllegalArgumentException for an unknown name or a value out of bounds
   */
  public RankingWeights with(Map<String, ? extends Number> overrides) {
    float[] values = values();
    for (Map.Entry<String, ? extends Number> entry : overrides.entrySet()) {
      int index = NAMES.indexOf(entry.getKey());
      if (index < 0) {
        throw new IllegalArgumentException(
            "weights has no [" + entry.getKey() + "]; there are " + String.join(", ", NAMES));
      }
      values[index] = checked(entry.getKey(), entry.getValue().doubleValue());
    }
    return of(values);
  }

  /** The least value of a weight. */
  public static double least(String name) {
    return name.equals("temperature") ? LEAST_TEMPERATURE : 0;
  }

  private static float checked(String name, double value) {
    double least = least(name);
    if (!(value >= least && value <= LARGEST)) { // NaN too
      throw new IllegalArgumentException(
          "weights." + name + " is " + value + ", and must be from " + least + " to " + LARGEST);
    }
    return (float) value;
  }

  private float[] values() {
    return new float[] {
      words,
      meaning,
      person,
      attention,
      affinity,
      popularity,
      breadth,
      broadPopularity,
      temperature,
      breadthWithoutQuery,
      coveragePower
    };
  }

  private static RankingWeights of(float[] values) {
    if (values.length != NAMES.size()) {
      throw new IllegalArgumentException(
          "there are " + NAMES.size() + " weights, not " + Arrays.toString(values));
    }
    return new RankingWeights(
        values[0],
        values[1],
        values[2],
        values[3],
        values[4],
        values[5],
        values[6],
        values[7],
        values[8],
        values[9],
        values[10]);
  }
}
