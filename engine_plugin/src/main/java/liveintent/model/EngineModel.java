package liveintent.model;

import java.util.Map;
import liveintent.session.Float16;
import liveintent.session.StoredFields;

/**
 * What an index's model document says: the numbers of the formulas, which Python alone declares.
 *
 * @param vectorSpace of the index's item vectors
 * @param fingerprint of the encoder
 * @param maxPopularity largest popularity of the catalogue
 * @param freshSeconds time in which behaviour does not age
 * @param ttlMillis time after which rows of a session do not count
 * @param itemHalves whether item halves are learned
 * @param userModel whether the query service has a learned user model, which the engine lacks
 * @param reranker that of the query service: fixed, network or trees
 */
public record EngineModel(
    String index,
    String vectorSpace,
    String fingerprint,
    Layout layout,
    MeaningProjection projection,
    double maxPopularity,
    FusionWeights fusion,
    ActionWeights actions,
    RankingWeights ranking,
    AffinityWeights affinity,
    double freshSeconds,
    long ttlMillis,
    boolean itemHalves,
    boolean userModel,
    String reranker) {
  /** The format of model documents that this version reads. */
  public static final int FORMAT = 1;

  private static final String PROJECTION = "meaning_projection";

  /**
   * The model of a model document's source.
   *
   * @throws IllegalArgumentException for another format or a damaged document, with what is wrong
   */
  public static EngineModel of(Map<String, Object> source) {
    StoredFields model = new StoredFields(source, "the model document");
    if (model.whole("format") != FORMAT) {
      throw new IllegalArgumentException(
          String.format(
              "the model document has the format %d, and this plugin reads %d: install plugin and"
                  + " query service of one version, then run live-intent config apply --pipeline",
              model.whole("format"), FORMAT));
    }
    Layout layout = layout(model);
    StoredFields learned = model.object("learned");
    return new EngineModel(
        model.text("index"),
        model.text("vector_space"),
        model.text("fingerprint"),
        layout,
        projection(model, layout),
        model.number("max_popularity"),
        FusionWeights.of(model.object("fusion")),
        ActionWeights.of(model),
        RankingWeights.of(model.object("ranking")),
        AffinityWeights.of(model.object("affinity")),
        model.number("fresh_s"),
        Math.round(model.object("limits").number("ttl_s") * 1000),
        learned.flag("item_halves"),
        learned.flag("user_model"),
        learned.text("reranker"));
  }

  /** The time of the oldest row that counts, ms since 1970. */
  public long oldest(long nowMillis) {
    return nowMillis - ttlMillis;
  }

  /**
   * An embedding, float16 [D], as a demand vector in R^M: float32 [M], unit length.
   *
   * @throws IllegalArgumentException for another number of bytes, or numbers that are not finite
   */
  public float[] meaning(byte[] embedding) {
    int dims = projection.embeddingDims();
    if (!Float16.isVector(embedding, dims)) {
      throw new IllegalArgumentException(
          String.format(
              "an embedding of the index %s has %d finite float16 numbers (%d bytes), not %d bytes",
              index, dims, dims * Float16.BYTES, embedding.length));
    }
    return projection.meaning(Float16.floats(embedding));
  }

  private static Layout layout(StoredFields model) {
    int dims = (int) model.whole("dims");
    String name = model.text("layout");
    return switch (name) {
      case "sum" -> Layout.sum(dims);
      case "concat" -> new Layout(true, dims, (int) model.whole("M"), (int) model.whole("K"));
      default ->
          throw new IllegalArgumentException(
              "the model document: layout is " + name + ", and must be sum or concat");
    };
  }

  private static MeaningProjection projection(StoredFields model, Layout layout) {
    if (!layout.concat()) {
      return MeaningProjection.none(layout.dims());
    }
    int embeddingDims = (int) model.whole("embedding_dims");
    model.text(PROJECTION); // it must be there
    return MeaningProjection.of(model.vector(PROJECTION), layout.meaningDims(), embeddingDims);
  }
}
