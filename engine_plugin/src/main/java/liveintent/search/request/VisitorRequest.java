package liveintent.search.request;

import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import liveintent.model.RankingWeights;
import liveintent.session.Float16;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;
import org.opensearch.core.common.io.stream.Writeable;
import org.opensearch.core.xcontent.XContentBuilder;

/**
 * What a search says of its visitor, in {@code ext.live_intent} or {@code rescore.live_intent}.
 *
 * @param userId "" for a visitor who is not known
 * @param queryVector the encoder's embedding, base64 of float16; "" without one
 * @param queryText the query's words, for a learned re-ranker alone; "" without them
 * @param queryTerms number of the query's terms; null: that of the Lucene query
 * @param weights weights of the re-ranker that replace those of the model, by name
 * @param window how many hits are ranked; null: the processor's
 * @param explain whether the answer lists the parts of each hit's score
 */
public record VisitorRequest(
    String sessionId,
    String userId,
    String queryVector,
    String queryText,
    Integer queryTerms,
    String scenario,
    Map<String, Double> weights,
    Integer window,
    boolean explain)
    implements Writeable {
  /** The scenario of requests that name none. */
  public static final String DEFAULT_SCENARIO = "shop";

  /** The least and the most hits that are ranked. */
  public static final int LEAST_WINDOW = 10;

  public static final int LARGEST_WINDOW = 1000;

  /** The names of the fields. */
  public static final Set<String> NAMES =
      new TreeSet<>(
          Set.of(
              "session_id",
              "user_id",
              "query_vector",
              "query_text",
              "query_terms",
              "scenario",
              "weights",
              "window",
              "explain"));

  // As _PSEUDONYM of query_service/privacy/pseudonyms.py.
  private static final Pattern PSEUDONYM = Pattern.compile("~[a-z0-9]{1,16}~[0-9a-f]{32}");

  private static final int LONGEST_ID = 512;
  private static final int LONGEST_QUERY = 512;
  private static final int MOST_TERMS = 1000;

  public VisitorRequest(StreamInput in) throws IOException {
    this(
        in.readString(),
        in.readString(),
        in.readString(),
        in.readString(),
        in.readOptionalVInt(),
        in.readString(),
        new TreeMap<>(in.readMap(StreamInput::readString, StreamInput::readDouble)),
        in.readOptionalVInt(),
        in.readBoolean());
  }

  /** Whether an id is a name that the query service stores in place of the shop's. */
  public boolean hasPseudonym() {
    return PSEUDONYM.matcher(sessionId).matches() || PSEUDONYM.matcher(userId).matches();
  }

  /** The query vector's bytes, float16 [D]; null without one. */
  public byte[] queryVectorBytes() {
    return queryVector.isEmpty() ? null : Float16.decoded(queryVector);
  }

  /**
   * The request of an object's fields.
   *
   * @throws IllegalArgumentException names the field, its value and what is allowed
   */
  public static VisitorRequest of(StrictFields fields) {
    return new VisitorRequest(
        fields.id("session_id", LONGEST_ID),
        fields.has("user_id") ? fields.id("user_id", LONGEST_ID) : "",
        fields.has("query_vector") ? fields.vector("query_vector") : "",
        fields.has("query_text") ? fields.id("query_text", LONGEST_QUERY) : "",
        fields.has("query_terms") ? fields.whole("query_terms", 0, MOST_TERMS) : null,
        fields.has("scenario") ? fields.id("scenario", LONGEST_ID) : DEFAULT_SCENARIO,
        weights(fields.object("weights", Set.copyOf(RankingWeights.NAMES))),
        fields.has("window") ? fields.whole("window", LEAST_WINDOW, LARGEST_WINDOW) : null,
        fields.has("explain") && fields.flag("explain"));
  }

  private static Map<String, Double> weights(StrictFields fields) {
    Map<String, Double> weights = new TreeMap<>();
    for (String name : fields.names()) {
      weights.put(name, fields.number(name, RankingWeights.least(name), RankingWeights.LARGEST));
    }
    return weights;
  }

  @Override
  public void writeTo(StreamOutput out) throws IOException {
    out.writeString(sessionId);
    out.writeString(userId);
    out.writeString(queryVector);
    out.writeString(queryText);
    out.writeOptionalVInt(queryTerms);
    out.writeString(scenario);
    out.writeMap(weights, StreamOutput::writeString, StreamOutput::writeDouble);
    out.writeOptionalVInt(window);
    out.writeBoolean(explain);
  }

  /** Write the fields into an object that is open. */
  public void toXContent(XContentBuilder builder) throws IOException {
    builder.field("session_id", sessionId);
    if (!userId.isEmpty()) {
      builder.field("user_id", userId);
    }
    if (!queryVector.isEmpty()) {
      builder.field("query_vector", queryVector);
    }
    if (!queryText.isEmpty()) {
      builder.field("query_text", queryText);
    }
    if (queryTerms != null) {
      builder.field("query_terms", queryTerms);
    }
    builder.field("scenario", scenario);
    if (!weights.isEmpty()) {
      builder.field("weights", weights);
    }
    if (window != null) {
      builder.field("window", window);
    }
    builder.field("explain", explain);
  }
}
