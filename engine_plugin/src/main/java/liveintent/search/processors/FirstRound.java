package liveintent.search.processors;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import liveintent.search.rescoring.GatheredDocs;
import liveintent.search.rescoring.GlobalWindow;
import liveintent.search.rescoring.RankedHit;
import liveintent.search.rescoring.RescoreMode;
import liveintent.search.rescoring.VisitorRescorerBuilder;
import liveintent.search.rescoring.WindowRanking;
import liveintent.search.visitor.KnownVisitor;
import org.opensearch.action.search.SearchRequest;
import org.opensearch.common.xcontent.LoggingDeprecationHandler;
import org.opensearch.common.xcontent.json.JsonXContent;
import org.opensearch.core.action.ActionListener;
import org.opensearch.core.common.bytes.BytesReference;
import org.opensearch.core.xcontent.NamedXContentRegistry;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.core.xcontent.XContentParser;
import org.opensearch.search.builder.SearchSourceBuilder;
import org.opensearch.search.rescore.RescorerBuilder;
import org.opensearch.transport.client.Client;

/**
 * A search before the search, where the engine lets no processor act between query and fetch: with
 * dfs_query_then_fetch. It asks for the window alone, without sources, and finds out what the
 * shards have to know of each other.
 */
final class FirstRound {
  private static final String NO_PIPELINE = "_none";
  private final Client client;

  FirstRound(Client client) {
    this.client = client;
  }

  /** Hand over the window of all shards with its hits in their final order; nothing: null. */
  void ask(
      SearchRequest request,
      KnownVisitor visitor,
      Integer queryTerms,
      BiConsumer<GlobalWindow, List<RankedHit>> answer,
      Consumer<Exception> failure)
      throws IOException {
    client.search(
        asked(request, visitor, queryTerms),
        ActionListener.wrap(
            response -> {
              GatheredDocs.Hits hits = GatheredDocs.hits(response.getHits());
              if (hits.hits().isEmpty()) {
                answer.accept(null, List.of());
                return;
              }
              List<RankedHit> ranked =
                  WindowRanking.of(
                      hits.hits(),
                      visitor.window(),
                      0,
                      visitor.input().weights(),
                      hits.queryTerms());
              answer.accept(GlobalWindow.of(ranked, hits.queryTerms()), ranked);
            },
            failure::accept));
  }

  private static SearchRequest asked(
      SearchRequest request, KnownVisitor visitor, Integer queryTerms) throws IOException {
    SearchSourceBuilder own = request.source();
    SearchSourceBuilder source = withDerivedFields(own.getDerivedFieldsObject());
    source.from(0).size(visitor.window()).fetchSource(false).trackTotalHits(false);
    source.terminateAfter(own.terminateAfter());
    if (own.query() != null) {
      source.query(own.query());
    }
    if (own.postFilter() != null) {
      source.postFilter(own.postFilter());
    }
    if (own.minScore() != null) {
      source.minScore(own.minScore());
    }
    if (own.timeout() != null) {
      source.timeout(own.timeout());
    }
    if (own.pointInTimeBuilder() != null) {
      source.pointInTimeBuilder(own.pointInTimeBuilder());
    }
    own.indexBoosts().forEach(boost -> source.indexBoost(boost.getIndex(), boost.getBoost()));
    if (own.rescores() != null) {
      for (RescorerBuilder<?> rescorer : own.rescores()) {
        source.addRescorer(rescorer);
      }
    }
    RescoreMode mode = RescoreMode.gathered(queryTerms);
    source.addRescorer(new VisitorRescorerBuilder(visitor.window(), visitor.input(), mode));
    return new SearchRequest(request).source(source).pipeline(NO_PIPELINE);
  }

  /** The fields that the query may name; the engine takes them from JSON alone. */
  private static SearchSourceBuilder withDerivedFields(Map<String, Object> fields)
      throws IOException {
    if (fields == null || fields.isEmpty()) {
      return new SearchSourceBuilder();
    }
    try (XContentBuilder json = JsonXContent.contentBuilder().map(Map.of("derived", fields));
        XContentParser parser =
            JsonXContent.jsonXContent.createParser(
                NamedXContentRegistry.EMPTY,
                LoggingDeprecationHandler.INSTANCE,
                BytesReference.bytes(json).streamInput())) {
      return SearchSourceBuilder.fromXContent(parser);
    }
  }
}
