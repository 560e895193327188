package liveintent;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import liveintent.search.learned.LearnedRanker;
import liveintent.search.learned.RankClient;
import liveintent.search.learned.RankKey;
import liveintent.search.processors.LiveIntentPhaseResultsProcessor;
import liveintent.search.processors.LiveIntentRequestProcessor;
import liveintent.search.processors.LiveIntentResponseProcessor;
import liveintent.search.processors.SiblingProcessors;
import liveintent.search.request.LiveIntentExt;
import liveintent.search.rescoring.SearchWatch;
import liveintent.search.rescoring.VisitorRescorerBuilder;
import liveintent.search.statistics.Statistics;
import liveintent.search.statistics.StatisticsAction;
import liveintent.search.statistics.StatisticsRoute;
import liveintent.search.visitor.KeptVisitors;
import liveintent.search.visitor.SearchedIndexes;
import liveintent.search.visitor.VisitorReader;
import org.opensearch.action.ActionRequest;
import org.opensearch.cluster.metadata.IndexNameExpressionResolver;
import org.opensearch.cluster.node.DiscoveryNodes;
import org.opensearch.cluster.service.ClusterService;
import org.opensearch.common.settings.ClusterSettings;
import org.opensearch.common.settings.IndexScopedSettings;
import org.opensearch.common.settings.Setting;
import org.opensearch.common.settings.Settings;
import org.opensearch.common.settings.SettingsFilter;
import org.opensearch.core.action.ActionResponse;
import org.opensearch.core.common.io.stream.NamedWriteableRegistry;
import org.opensearch.core.xcontent.NamedXContentRegistry;
import org.opensearch.env.Environment;
import org.opensearch.env.NodeEnvironment;
import org.opensearch.index.IndexModule;
import org.opensearch.plugins.ActionPlugin;
import org.opensearch.plugins.Plugin;
import org.opensearch.plugins.SearchPipelinePlugin;
import org.opensearch.plugins.SearchPlugin;
import org.opensearch.repositories.RepositoriesService;
import org.opensearch.rest.RestController;
import org.opensearch.rest.RestHandler;
import org.opensearch.script.ScriptService;
import org.opensearch.search.pipeline.Processor;
import org.opensearch.search.pipeline.SearchPhaseResultsProcessor;
import org.opensearch.search.pipeline.SearchRequestProcessor;
import org.opensearch.search.pipeline.SearchResponseProcessor;
import org.opensearch.threadpool.ThreadPool;
import org.opensearch.transport.client.Client;
import org.opensearch.watcher.ResourceWatcherService;

/** What OpenSearch loads: the class that the descriptor names. */
public final class LiveIntentPlugin extends Plugin
    implements ActionPlugin, SearchPlugin, SearchPipelinePlugin {
  private final Statistics statistics = new Statistics();
  private final SiblingProcessors siblings = new SiblingProcessors();
  private final Settings settings;
  private final RankClient rankClient;
  private volatile LiveIntentRequestProcessor.Services services;
  private volatile LearnedRanker.Services ranking;

  /** Called by OpenSearch, while the keystore is open. */
  public LiveIntentPlugin(Settings settings) {
    this.settings = settings;
    rankClient = new RankClient(RankKey.of(settings));
  }

  @Override
  public List<Setting<?>> getSettings() {
    return List.of(RankKey.SETTING, KeptVisitors.SIZE);
  }

  @Override
  public Collection<Object> createComponents(
      Client client,
      ClusterService clusterService,
      ThreadPool threadPool,
      ResourceWatcherService resourceWatcherService,
      ScriptService scriptService,
      NamedXContentRegistry xContentRegistry,
      Environment environment,
      NodeEnvironment nodeEnvironment,
      NamedWriteableRegistry namedWriteableRegistry,
      IndexNameExpressionResolver indexNameExpressionResolver,
      Supplier<RepositoriesService> repositoriesServiceSupplier) {
    SearchedIndexes indexes =
        new SearchedIndexes(clusterService, indexNameExpressionResolver, namedWriteableRegistry);
    VisitorReader reader =
        new VisitorReader(client, threadPool, indexes, new KeptVisitors(settings), statistics);
    services = new LiveIntentRequestProcessor.Services(reader, client);
    ranking = new LearnedRanker.Services(rankClient, threadPool);
    return List.of(statistics); // for the action below
  }

  @Override
  public List<ActionHandler<? extends ActionRequest, ? extends ActionResponse>> getActions() {
    return List.of(new ActionHandler<>(StatisticsAction.TYPE, StatisticsAction.class));
  }

  @Override
  public List<RestHandler> getRestHandlers(
      Settings settings,
      RestController restController,
      ClusterSettings clusterSettings,
      IndexScopedSettings indexScopedSettings,
      SettingsFilter settingsFilter,
      IndexNameExpressionResolver indexNameExpressionResolver,
      Supplier<DiscoveryNodes> nodesInCluster) {
    return List.of(new StatisticsRoute());
  }

  @Override
  public List<SearchExtSpec<?>> getSearchExts() {
    return List.of(
        new SearchExtSpec<>(LiveIntentExt.NAME, LiveIntentExt::read, LiveIntentExt::parse));
  }

  @Override
  public List<RescorerSpec<?>> getRescorers() {
    return List.of(
        new RescorerSpec<>(
            LiveIntentExt.NAME,
            in -> new VisitorRescorerBuilder(in, () -> services.reader()),
            parser -> VisitorRescorerBuilder.parse(parser, () -> services.reader())));
  }

  @Override
  public Map<String, Processor.Factory<SearchRequestProcessor>> getRequestProcessors(
      Parameters parameters) {
    return Map.of(
        LiveIntentExt.NAME, new LiveIntentRequestProcessor.Factory(() -> services, siblings));
  }

  @Override
  public Map<String, Processor.Factory<SearchPhaseResultsProcessor>>
      getSearchPhaseResultsProcessors(Parameters parameters) {
    return Map.of(LiveIntentExt.NAME, new LiveIntentPhaseResultsProcessor.Factory(siblings));
  }

  @Override
  public Map<String, Processor.Factory<SearchResponseProcessor>> getResponseProcessors(
      Parameters parameters) {
    return Map.of(
        LiveIntentExt.NAME,
        new LiveIntentResponseProcessor.Factory(() -> statistics, () -> ranking));
  }

  @Override
  public void onIndexModule(IndexModule indexModule) {
    indexModule.addSearchOperationListener(new SearchWatch());
  }

  @Override
  public void close() {
    rankClient.close();
  }
}
