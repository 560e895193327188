package liveintent.search.statistics;

import java.io.IOException;
import java.util.List;
import org.opensearch.action.ActionType;
import org.opensearch.action.FailedNodeException;
import org.opensearch.action.support.ActionFilters;
import org.opensearch.action.support.nodes.TransportNodesAction;
import org.opensearch.cluster.service.ClusterService;
import org.opensearch.common.inject.Inject;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.threadpool.ThreadPool;
import org.opensearch.transport.TransportService;

/** Collects the counts of all nodes. */
public final class StatisticsAction
    extends TransportNodesAction<
        StatisticsRequest, StatisticsResponse, StatisticsRequest.OfNode, NodeStatistics> {
  /** The permission that it needs. */
  public static final String NAME = "cluster:monitor/live_intent/stats";

  public static final ActionType<StatisticsResponse> TYPE =
      new ActionType<>(NAME, StatisticsResponse::new);
  private final Statistics statistics;

  @Inject
  public StatisticsAction(
      ThreadPool threadPool,
      ClusterService clusterService,
      TransportService transportService,
      ActionFilters actionFilters,
      Statistics statistics) {
    super(
        NAME,
        threadPool,
        clusterService,
        transportService,
        actionFilters,
        StatisticsRequest::new,
        StatisticsRequest.OfNode::new,
        ThreadPool.Names.MANAGEMENT,
        NodeStatistics.class);
    this.statistics = statistics;
  }

  @Override
  protected StatisticsResponse newResponse(
      StatisticsRequest request, List<NodeStatistics> nodes, List<FailedNodeException> failures) {
    return new StatisticsResponse(clusterService.getClusterName(), nodes, failures);
  }

  @Override
  protected StatisticsRequest.OfNode newNodeRequest(StatisticsRequest request) {
    return new StatisticsRequest.OfNode();
  }

  @Override
  protected NodeStatistics newNodeResponse(StreamInput in) throws IOException {
    return new NodeStatistics(in);
  }

  @Override
  protected NodeStatistics nodeOperation(StatisticsRequest.OfNode request) {
    return new NodeStatistics(clusterService.localNode(), statistics.counts());
  }
}
