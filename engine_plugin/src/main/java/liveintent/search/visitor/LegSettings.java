package liveintent.search.visitor;

/**
 * The person leg of a pipeline.
 *
 * @param size how many items it finds
 */
public record LegSettings(boolean enabled, int size) {
  /** How many items it finds, where the pipeline does not say so. */
  public static final int SIZE = 100;

  /** The item's vector, of the type knn_vector. */
  public static final String VECTOR = "vector";
}
