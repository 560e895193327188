package liveintent.search.statistics;

import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import liveintent.search.request.RankReason;
import liveintent.search.request.Reason;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;
import org.opensearch.core.common.io.stream.Writeable;
import org.opensearch.core.xcontent.ToXContentFragment;
import org.opensearch.core.xcontent.XContentBuilder;

/** The counts of one node at one time. */
public record NodeCounts(
    long personalised, Map<Reason, Long> plain, SessionReads reads, Ranks ranks)
    implements Writeable, ToXContentFragment {
  private static final double NANOS_PER_MILLI = 1e6;

  /**
   * Reads of session and user.
   *
   * @param unchanged of visitors who were kept, and whose documents were as before
   */
  public record SessionReads(long total, long unchanged, long nanos) {}

  /**
   * Pages of searches whose pipeline has a learned re-ranker.
   *
   * @param learned those in its order
   * @param engine those in the engine's, by why
   */
  public record Ranks(long learned, Map<RankReason, Long> engine) {}

  NodeCounts(StreamInput in) throws IOException {
    this(
        in.readVLong(),
        in.readMap(each -> each.readEnum(Reason.class), StreamInput::readVLong),
        new SessionReads(in.readVLong(), in.readVLong(), in.readVLong()),
        new Ranks(
            in.readVLong(),
            in.readMap(each -> each.readEnum(RankReason.class), StreamInput::readVLong)));
  }

  @Override
  public void writeTo(StreamOutput out) throws IOException {
    out.writeVLong(personalised);
    out.writeMap(plain, StreamOutput::writeEnum, StreamOutput::writeVLong);
    out.writeVLong(reads.total());
    out.writeVLong(reads.unchanged());
    out.writeVLong(reads.nanos());
    out.writeVLong(ranks.learned());
    out.writeMap(ranks.engine(), StreamOutput::writeEnum, StreamOutput::writeVLong);
  }

  @Override
  public XContentBuilder toXContent(XContentBuilder builder, Params params) throws IOException {
    Map<String, Long> reasons = new TreeMap<>();
    plain.forEach((reason, count) -> reasons.put(reason.code(), count));
    builder.field("personalised", personalised);
    builder.field("plain", reasons);
    builder.startObject("session_reads");
    builder.field("total", reads.total());
    builder.field("unchanged", reads.unchanged());
    builder.field("time_in_millis", Math.round(reads.nanos() / NANOS_PER_MILLI));
    builder.endObject();
    Map<String, Long> rankReasons = new TreeMap<>();
    ranks.engine().forEach((reason, count) -> rankReasons.put(reason.code(), count));
    builder.startObject("rank").field("learned", ranks.learned()).field("engine", rankReasons);
    return builder.endObject();
  }
}
