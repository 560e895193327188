package liveintent.search.visitor;

import liveintent.search.request.PlainOrder;
import liveintent.search.request.Reason;
import org.opensearch.OpenSearchException;
import org.opensearch.action.IndicesRequest;
import org.opensearch.action.search.SearchContextId;
import org.opensearch.action.search.SearchRequest;
import org.opensearch.cluster.ClusterState;
import org.opensearch.cluster.metadata.IndexAbstraction;
import org.opensearch.cluster.metadata.IndexMetadata;
import org.opensearch.cluster.metadata.IndexNameExpressionResolver;
import org.opensearch.cluster.service.ClusterService;
import org.opensearch.common.cache.Cache;
import org.opensearch.common.cache.CacheBuilder;
import org.opensearch.core.common.io.stream.NamedWriteableRegistry;
import org.opensearch.transport.RemoteClusterAware;

/** The one index that a request searches; what its mapping says is read once per version. */
public final class SearchedIndexes {
  private static final int MOST_KEPT = 1000;
  private final ClusterService clusterService;
  private final IndexNameExpressionResolver resolver;
  private final NamedWriteableRegistry writeables;
  private final Cache<MappingVersion, SearchedIndex> known =
      CacheBuilder.<MappingVersion, SearchedIndex>builder().setMaximumWeight(MOST_KEPT).build();

  /** Settings change without the mapping: the metadata's version counts. */
  private record MappingVersion(String uuid, long version, long settingsVersion) {}

  public SearchedIndexes(
      ClusterService clusterService,
      IndexNameExpressionResolver resolver,
      NamedWriteableRegistry writeables) {
    this.clusterService = clusterService;
    this.resolver = resolver;
    this.writeables = writeables;
  }

  /**
   * The index behind the request's names.
   *
   * @throws PlainOrder where there is not exactly one that the plugin can rank
   */
  SearchedIndex of(IndicesRequest request) {
    ClusterState state = clusterService.state();
    String[] names = names(request, state);
    for (String name : names) {
      if (name.indexOf(RemoteClusterAware.REMOTE_CLUSTER_INDEX_SEPARATOR) >= 0) {
        throw new PlainOrder(Reason.REMOTE_CLUSTER);
      }
    }
    if (names.length > 1) {
      throw new PlainOrder(Reason.SEVERAL_INDEXES);
    }
    IndexMetadata metadata = names.length == 0 ? null : state.metadata().index(names[0]);
    if (metadata == null) {
      throw new PlainOrder(Reason.NO_INDEX);
    }
    MappingVersion version =
        new MappingVersion(
            metadata.getIndexUUID(), metadata.getMappingVersion(), metadata.getSettingsVersion());
    SearchedIndex index = known.get(version);
    if (index == null) {
      index = SearchedIndex.of(metadata);
      known.put(version, index);
    }
    return index;
  }

  /** The uuid of the one index that a name or alias stands for; null where there is not one. */
  String uuid(String name) {
    IndexAbstraction index = clusterService.state().metadata().getIndicesLookup().get(name);
    boolean one = index != null && index.getIndices().size() == 1;
    return one ? index.getIndices().get(0).getIndexUUID() : null;
  }

  private String[] names(IndicesRequest request, ClusterState state) {
    if (request instanceof SearchRequest search && search.pointInTimeBuilder() != null) {
      String id = search.pointInTimeBuilder().getId();
      return SearchContextId.decode(writeables, id).getActualIndices();
    }
    for (String name : request.indices()) {
      if (name.indexOf(RemoteClusterAware.REMOTE_CLUSTER_INDEX_SEPARATOR) >= 0) {
        return new String[] {name};
      }
    }
    try {
      return resolver.concreteIndexNames(state, request);
    } catch (OpenSearchException error) { // the search itself answers a missing or closed index
      return new String[0];
    }
  }
}
