package liveintent.ranking;

/**
 * One hit of the search, as the engine's doc values have it. Mutable: one object serves all hits of
 * a shard, so that scoring allocates nothing but its result.
 */
public final class Candidate {
  /** Bytes that hold the item's vector, float16 [dims]; null without one. */
  public byte[] bytes;

  /** The vector's first byte and number of bytes in {@link #bytes}. */
  public int offset;

  public int length;

  /** As the item's document has it; null or "" without one. */
  public String brand;

  /** The longest of the item's category paths; null or "" without one. */
  public String category;

  /** NaN where it is unknown. */
  public float price;

  /** As in the catalogue, not scaled. */
  public float popularity;

  /** Score of the search's own query; NaN where the query's words do not match the item. */
  public float bm25;

  /** Whether the item matches the query's words. */
  public boolean hasWords;

  /** Forgets the hit. */
  public void clear() {
    bytes = null;
    offset = 0;
    length = 0;
    brand = null;
    category = null;
    price = Float.NaN;
    popularity = 0;
    bm25 = Float.NaN;
    hasWords = false;
  }

  /**
   * Takes a further category path: the longest counts, of equally long ones the first.
   *
   * @param path in the order of the doc values
   */
  public void addCategory(String path) {
    if (category == null || codePoints(path) > codePoints(category)) {
      category = path;
    }
  }

  private static int codePoints(String text) {
    return text.codePointCount(0, text.length());
  }
}
