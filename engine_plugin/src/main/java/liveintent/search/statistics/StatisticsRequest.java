package liveintent.search.statistics;

import java.io.IOException;
import org.opensearch.action.support.nodes.BaseNodesRequest;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.transport.TransportRequest;

/** Asks all nodes for their counts. */
final class StatisticsRequest extends BaseNodesRequest<StatisticsRequest> {
  StatisticsRequest() {
    super(new String[0]);
  }

  StatisticsRequest(StreamInput in) throws IOException {
    super(in);
  }

  /** Asks one node. */
  static final class OfNode extends TransportRequest {
    OfNode() {}

    OfNode(StreamInput in) throws IOException {
      super(in);
    }
  }
}
