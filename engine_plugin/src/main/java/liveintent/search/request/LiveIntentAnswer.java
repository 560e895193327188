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
 * hit's score, where the request asked for them. {@code rank}: whose order the page has, null where
 * no learned re-ranker is set up.
 */
public final class LiveIntentAnswer extends SearchExtBuilder {
  private final Reason reason;
  private final Counts counts;
  private final int window;
  private final List<HitShares> hits;
  private final RankOutcome rank;

  /** Rows of the visitor that counted, and those without a vector of the index's space. */
  public record Counts(int events, int queries, int leftOut) {}

  /** Not personalised. */
  public LiveIntentAnswer(Reason reason) {
    this(reason, new Counts(0, 0, 0), 0, List.of(), null);
  }

  /** Personalised. */
  public LiveIntentAnswer(Counts counts, int window, List<HitShares> hits) {
    this(null, counts, window, hits, null);
  }

  private LiveIntentAnswer(
      Reason reason, Counts counts, int window, List<HitShares> hits, RankOutcome rank) {
    this.reason = reason;
    this.counts = counts;
    this.window = window;
    this.hits = hits;
    this.rank = rank;
  }

  /** The same, with whose order the page has. */
  public LiveIntentAnswer with(RankOutcome outcome) {
    return new LiveIntentAnswer(reason, counts, window, hits, outcome);
  }

  LiveIntentAnswer(StreamInput in) throws IOException {
    this(
        in.readBoolean() ? in.readEnum(Reason.class) : null,
        new Counts(in.readVInt(), in.readVInt(), in.readVInt()),
        in.readVInt(),
        in.readList(HitShares::new),
        in.readOptionalWriteable(RankOutcome::new));
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
    out.writeOptionalWriteable(rank);
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
    if (rank != null) {
      builder.field("rank", rank);
    }
    return builder.endObject();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof LiveIntentAnswer answer
        && reason == answer.reason
        && counts.equals(answer.counts)
        && window == answer.window
        && hits.equals(answer.hits)
        && Objects.equals(rank, answer.rank);
  }

  @Override
  public int hashCode() {
    return Objects.hash(reason, counts, window, hits, rank);
  }
}
