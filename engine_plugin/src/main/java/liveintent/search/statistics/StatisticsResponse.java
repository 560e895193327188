package liveintent.search.statistics;

import java.io.IOException;
import java.util.List;
import org.opensearch.action.FailedNodeException;
import org.opensearch.action.support.nodes.BaseNodesResponse;
import org.opensearch.cluster.ClusterName;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;
import org.opensearch.core.xcontent.ToXContentFragment;
import org.opensearch.core.xcontent.XContentBuilder;

/** The counts of all nodes. */
final class StatisticsResponse extends BaseNodesResponse<NodeStatistics>
    implements ToXContentFragment {
  StatisticsResponse(
      ClusterName cluster, List<NodeStatistics> nodes, List<FailedNodeException> failures) {
    super(cluster, nodes, failures);
  }

  StatisticsResponse(StreamInput in) throws IOException {
    super(in);
  }

  @Override
  protected List<NodeStatistics> readNodesFrom(StreamInput in) throws IOException {
    return in.readList(NodeStatistics::new);
  }

  @Override
  protected void writeNodesTo(StreamOutput out, List<NodeStatistics> nodes) throws IOException {
    out.writeList(nodes);
  }

  @Override
  public XContentBuilder toXContent(XContentBuilder builder, Params params) throws IOException {
    builder.startObject("nodes");
    for (NodeStatistics node : getNodes()) {
      builder.startObject(node.getNode().getId()).field("name", node.getNode().getName());
      node.counts().toXContent(builder, params);
      builder.endObject();
    }
    return builder.endObject();
  }
}
