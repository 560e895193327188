package liveintent.search.request;

import java.io.IOException;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;
import org.opensearch.core.common.io.stream.Writeable;
import org.opensearch.core.xcontent.ToXContentObject;
import org.opensearch.core.xcontent.XContentBuilder;

/**
 * Whose order a page has.
 *
 * @param reason why it is the engine's; null: it is that of the query service's re-ranker
 * @param tookMillis how long the search waited for it
 */
public record RankOutcome(RankReason reason, long tookMillis)
    implements Writeable, ToXContentObject {

  RankOutcome(StreamInput in) throws IOException {
    this(in.readBoolean() ? in.readEnum(RankReason.class) : null, in.readVLong());
  }

  @Override
  public void writeTo(StreamOutput out) throws IOException {
    out.writeBoolean(reason != null);
    if (reason != null) {
      out.writeEnum(reason);
    }
    out.writeVLong(tookMillis);
  }

  @Override
  public XContentBuilder toXContent(XContentBuilder builder, Params params) throws IOException {
    builder.startObject().field("by", reason == null ? "learned" : "engine");
    if (reason != null) {
      builder.field("reason", reason.code()).field("message", reason.text());
    }
    return builder.field("took_ms", tookMillis).endObject();
  }
}
