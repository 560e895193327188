package liveintent.search.visitor;

import java.util.Map;
import liveintent.search.request.PlainOrder;
import liveintent.search.request.Reason;
import liveintent.session.StoredFields;
import org.opensearch.cluster.metadata.IndexMetadata;
import org.opensearch.cluster.metadata.MappingMetadata;
import org.opensearch.index.IndexSettings;

/**
 * What the mapping of an items index says.
 *
 * @param near whether it has vectors for k-NN
 * @param largestWindow the most hits that the index lets a rescorer rank
 */
record SearchedIndex(
    String name,
    int shards,
    String fingerprint,
    String vectorSpace,
    boolean near,
    int largestWindow) {
  /** The item's vector, float16 [dims], as doc values. */
  private static final String VECTOR = "vector_float16";

  /** What is ranked by, with the types that {@code ItemFields} reads. */
  private static final Map<String, String> OPTIONAL =
      Map.of("brand", "keyword", "category", "keyword", "price", "float", "popularity", "float");

  /**
   * Read from the index's metadata.
   *
   * @throws PlainOrder for an index that the plugin can't rank
   */
  static SearchedIndex of(IndexMetadata metadata) {
    MappingMetadata mapping = metadata.mapping();
    if (mapping == null) {
      throw new PlainOrder(Reason.OTHER_INDEX);
    }
    StoredFields source = new StoredFields(mapping.sourceAsMap(), "the mapping");
    StoredFields meta = object(object(source, "_meta"), "live_intent");
    if (!(meta.values().get("fingerprint") instanceof String fingerprint)
        || !(meta.values().get("vector_space") instanceof String vectorSpace)) {
      throw new PlainOrder(Reason.OTHER_INDEX);
    }
    StoredFields properties = object(source, "properties");
    StoredFields vector = object(properties, VECTOR);
    boolean fits =
        "binary".equals(vector.values().get("type"))
            && Boolean.parseBoolean(String.valueOf(vector.values().get("doc_values")));
    for (Map.Entry<String, String> field : OPTIONAL.entrySet()) {
      Object type = object(properties, field.getKey()).values().get("type");
      fits &= type == null || type.equals(field.getValue());
    }
    if (!fits) {
      throw new PlainOrder(Reason.OTHER_FIELDS);
    }
    int largest = IndexSettings.MAX_RESCORE_WINDOW_SETTING.get(metadata.getSettings());
    return new SearchedIndex(
        metadata.getIndex().getName(),
        metadata.getNumberOfShards(),
        fingerprint,
        vectorSpace,
        "knn_vector".equals(object(properties, LegSettings.VECTOR).values().get("type")),
        largest);
  }

  private static StoredFields object(StoredFields owner, String name) {
    boolean present = owner.values().get(name) instanceof Map<?, ?>;
    return present ? owner.object(name) : new StoredFields(Map.of(), name);
  }
}
