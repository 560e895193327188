package liveintent.search.statistics;

import java.io.IOException;
import org.opensearch.action.support.nodes.BaseNodeResponse;
import org.opensearch.cluster.node.DiscoveryNode;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;

/** The counts that one node answers. */
final class NodeStatistics extends BaseNodeResponse {
  private final NodeCounts counts;

  NodeStatistics(DiscoveryNode node, NodeCounts counts) {
    super(node);
    this.counts = counts;
  }

  NodeStatistics(StreamInput in) throws IOException {
    super(in);
    this.counts = new NodeCounts(in);
  }

  @Override
  public void writeTo(StreamOutput out) throws IOException {
    super.writeTo(out);
    counts.writeTo(out);
  }

  NodeCounts counts() {
    return counts;
  }
}
