package liveintent.search.rescoring;

import java.io.IOException;
import java.util.Locale;
import org.opensearch.common.xcontent.XContentFactory;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;
import org.opensearch.core.common.io.stream.Writeable;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.index.query.QueryBuilder;
import org.opensearch.index.query.QueryShardContext;
import org.opensearch.index.query.Rewriteable;
import org.opensearch.index.query.WrapperQueryBuilder;

/**
 * The person leg as JSON, in which it needs no class of the k-NN plugin.
 *
 * @param size how many items it finds
 */
public record LegQuery(String json, int size) implements Writeable {

  /**
   * The k-NN query of a visitor.
   *
   * @param userVector R, float32 [dims]
   * @param own the search's query, which its hits match too; null for all
   */
  public static LegQuery of(String field, float[] userVector, int size, QueryBuilder own)
      throws IOException {
    try (XContentBuilder builder = XContentFactory.jsonBuilder()) {
      builder.startObject().startObject("knn").startObject(field);
      builder.array("vector", userVector).field("k", size);
      if (own != null) {
        builder.field("filter", own);
      }
      builder.endObject().endObject().endObject();
      return new LegQuery(builder.toString(), size);
    }
  }

  LegQuery(StreamInput in) throws IOException {
    this(in.readString(), in.readVInt());
  }

  @Override
  public void writeTo(StreamOutput out) throws IOException {
    out.writeString(json);
    out.writeVInt(size);
  }

  PersonLeg leg(QueryShardContext context) throws IOException {
    QueryBuilder near = Rewriteable.rewrite(new WrapperQueryBuilder(json), context, true);
    return new PersonLeg(near.toQuery(context), size);
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "the %d nearest", size); // not the visitor's vector
  }
}
