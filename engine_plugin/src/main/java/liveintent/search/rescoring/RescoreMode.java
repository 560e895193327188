package liveintent.search.rescoring;

import java.io.IOException;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;
import org.opensearch.core.common.io.stream.Writeable;

/**
 * How a shard ranks.
 *
 * @param gathered whether it sends parts of scores, for the coordinating node to normalise
 * @param global the window of all shards, in which it ranks its hits; null: its own window
 * @param leg the person leg; null without one
 * @param queryTerms number of the query's terms; null: that of the Lucene query
 */
public record RescoreMode(boolean gathered, GlobalWindow global, LegQuery leg, Integer queryTerms)
    implements Writeable {

  RescoreMode(StreamInput in) throws IOException {
    this(
        in.readBoolean(),
        in.readOptionalWriteable(GlobalWindow::new),
        in.readOptionalWriteable(LegQuery::new),
        in.readOptionalVInt());
  }

  /** Each shard normalises its own hits. */
  public static RescoreMode ofShard(Integer queryTerms) {
    return new RescoreMode(false, null, null, queryTerms);
  }

  /** The coordinating node normalises the hits of all shards. */
  public static RescoreMode gathered(Integer queryTerms) {
    return new RescoreMode(true, null, null, queryTerms);
  }

  /** Each shard ranks in the window of all shards, which is known. */
  public static RescoreMode within(GlobalWindow window) {
    return new RescoreMode(false, window, null, window.queryTerms());
  }

  /** The same with a person leg; null: without one. */
  public RescoreMode with(LegQuery other) {
    return new RescoreMode(gathered, global, other, queryTerms);
  }

  /** How many hits of the leg join the window. */
  int legSize() {
    return leg == null ? 0 : leg.size();
  }

  @Override
  public void writeTo(StreamOutput out) throws IOException {
    out.writeBoolean(gathered);
    out.writeOptionalWriteable(global);
    out.writeOptionalWriteable(leg);
    out.writeOptionalVInt(queryTerms);
  }
}
