package liveintent.search.request;

import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.search.SearchExtBuilder;

/**
 * {@code ext.live_intent} of an answer.
 *
 * <p>{@code reason}: why it is not personalised, null where it is. {@code hits}: the parts of each
 * hit's score, where the request asked for them.
 */
public final class LiveIntentAnswer extends SearchExtBuilder {
  private final Reason reason;
  private final Counts counts;
  private final int window;
  private final List<HitShares> hits;

  /** Rows of the visitor that counted, and those without a vector of the index's space. */
  public record Counts(int events, int queries, int leftOut) {}

  /** Not personalised. */
  public LiveIntentAnswer(Reason reason) {
    this(reason, new Counts(0, 0, 0), 0, List.of());
  }

  /** Personalised. */
  public LiveIntentAnswer(Counts counts, int window, List<HitShares> hits) {
    this(null, counts, window, hits);
  }

  private LiveIntentAnswer(Reason reason, Counts counts, int window, List<HitShares> hits) {
    this.reason = reason;
    this.counts = counts;
    this.window = window;
    this.hits = hits;
  }

  LiveIntentAnswer(StreamInput in) throws IOException {
    this(
        in.readBoolean() ? in.readEnum(Reason.class) : null,
        new Counts(in.readVInt(), in.readVInt(), in.readVInt()),
        in.readVInt(),
        in.readList(HitShares::new));
  }

  @Override
  public String getWriteableName() {
    return LiveIntentExt.NAME;
  }

  @Override
  public void writeTo(StreamOutput out) throws IOException {
    out.writeBoolean(false);
    out.writeBoolean(reason != null);
    if (reason != null) {
      out.writeEnum(reason);
    }
    out.writeVInt(counts.events());
    out.writeVInt(counts.queries());
    out.writeVInt(counts.leftOut());
    out.writeVInt(window);
    out.writeList(hits);
  }

  @Override
  public XContentBuilder toXContent(XContentBuilder builder, Params params) throws IOException {
    builder.startObject(LiveIntentExt.NAME);
    builder.field("personalised", reason == null);
    if (reason != null) {
      builder.field("reason", reason.code());
      builder.field("message", reason.text());
    } else {
      builder.field("events", counts.events());
      builder.field("queries", counts.queries());
      builder.field("left_out", counts.leftOut());
      builder.field("window", window);
    }
    if (!hits.isEmpty()) {
      builder.field("hits", hits);
    }
    return builder.endObject();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof LiveIntentAnswer answer
        && reason == answer.reason
        && counts.equals(answer.counts)
        && window == answer.window
        && hits.equals(answer.hits);
  }

  @Override
  public int hashCode() {
    return Objects.hash(reason, counts, window, hits);
  }
}
