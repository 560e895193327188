package liveintent.search.statistics;

import java.util.List;
import org.opensearch.rest.BaseRestHandler;
import org.opensearch.rest.RestRequest;
import org.opensearch.rest.action.RestActions.NodesResponseRestListener;
import org.opensearch.transport.client.node.NodeClient;

/** {@code GET _plugins/_live_intent/stats}. */
public final class StatisticsRoute extends BaseRestHandler {
  @Override
  public String getName() {
    return "live_intent_stats";
  }

  @Override
  public List<Route> routes() {
    return List.of(new Route(RestRequest.Method.GET, "/_plugins/_live_intent/stats"));
  }

  @Override
  protected RestChannelConsumer prepareRequest(RestRequest request, NodeClient client) {
    return channel ->
        client.execute(
            StatisticsAction.TYPE,
            new StatisticsRequest(),
            new NodesResponseRestListener<>(channel));
  }
}
