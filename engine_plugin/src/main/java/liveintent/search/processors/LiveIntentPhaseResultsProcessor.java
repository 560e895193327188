package liveintent.search.processors;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import liveintent.search.request.LiveIntentExt;
import liveintent.search.rescoring.GatheredDocs;
import liveintent.search.rescoring.RankedHit;
import liveintent.search.rescoring.WindowHit;
import liveintent.search.rescoring.WindowRanking;
import liveintent.search.visitor.KnownVisitor;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TopDocs;
import org.opensearch.action.search.SearchPhaseContext;
import org.opensearch.action.search.SearchPhaseName;
import org.opensearch.action.search.SearchPhaseResults;
import org.opensearch.common.lucene.search.TopDocsAndMaxScore;
import org.opensearch.search.SearchPhaseResult;
import org.opensearch.search.pipeline.AbstractProcessor;
import org.opensearch.search.pipeline.PipelineProcessingContext;
import org.opensearch.search.pipeline.Processor;
import org.opensearch.search.pipeline.SearchPhaseResultsProcessor;
import org.opensearch.search.query.QuerySearchResult;

/**
 * Ranks the hits of all shards as one list, between query and fetch: each shard has sent the parts
 * of its hits' scores, and gets plain hits with their final scores in place of them.
 */
public final class LiveIntentPhaseResultsProcessor extends AbstractProcessor
    implements SearchPhaseResultsProcessor {

  LiveIntentPhaseResultsProcessor(Labels labels) {
    super(labels.tag(), labels.description(), labels.ignoreFailure());
  }

  @Override
  public String getType() {
    return LiveIntentExt.NAME;
  }

  @Override
  public SearchPhaseName getBeforePhase() {
    return SearchPhaseName.QUERY;
  }

  @Override
  public SearchPhaseName getAfterPhase() {
    return SearchPhaseName.FETCH;
  }

  @Override
  public <Result extends SearchPhaseResult> void process(
      SearchPhaseResults<Result> results, SearchPhaseContext search) {
    throw new UnsupportedOperationException("live_intent needs the context of the pipeline");
  }

  @Override
  public <Result extends SearchPhaseResult> void process(
      SearchPhaseResults<Result> results,
      SearchPhaseContext search,
      PipelineProcessingContext context) {
    Personalisation personalisation = Personalisation.of(context);
    if (personalisation == null || personalisation.visitor() == null) {
      return;
    }
    Map<Integer, QuerySearchResult> shards = gathered(results);
    List<WindowHit> hits = new ArrayList<>();
    int terms = 0;
    for (Map.Entry<Integer, QuerySearchResult> shard : shards.entrySet()) {
      GatheredDocs.Hits gathered =
          GatheredDocs.hits(shard.getValue().topDocs().topDocs, shard.getKey());
      hits.addAll(gathered.hits());
      terms = Math.max(terms, gathered.queryTerms());
    }
    KnownVisitor visitor = personalisation.visitor();
    List<RankedHit> ranked =
        WindowRanking.of(
            hits, visitor.window(), personalisation.legSize(), visitor.input().weights(), terms);
    Map<Integer, List<ScoreDoc>> ofShard = new HashMap<>();
    for (RankedHit each : ranked) {
      ofShard
          .computeIfAbsent(each.hit().shard(), shard -> new ArrayList<>())
          .add(new ScoreDoc(each.hit().document(), each.score()));
    }
    shards.forEach((shard, result) -> replace(result, ofShard.getOrDefault(shard, List.of())));
    personalisation.rank(ranked, false);
  }

  private static Map<Integer, QuerySearchResult> gathered(
      SearchPhaseResults<? extends SearchPhaseResult> results) {
    Map<Integer, QuerySearchResult> shards = new HashMap<>();
    for (SearchPhaseResult each : results.getAtomicArray().asList()) {
      QuerySearchResult result = each.queryResult();
      boolean present = result != null && !result.isNull() && !result.hasConsumedTopDocs();
      if (present && GatheredDocs.is(result.topDocs().topDocs)) {
        shards.put(each.getShardIndex(), result);
      }
    }
    return shards;
  }

  /** Replace a shard's hits by those that a page can hold, best first. */
  private static void replace(QuerySearchResult shard, List<ScoreDoc> documents) {
    int page = Math.min(documents.size(), shard.from() + shard.size());
    TopDocs plain =
        new TopDocs(shard.getTotalHits(), documents.subList(0, page).toArray(new ScoreDoc[0]));
    float best = documents.isEmpty() ? Float.NaN : documents.get(0).score;
    shard.topDocs(new TopDocsAndMaxScore(plain, best), null);
  }

  /** Makes the processor of a pipeline. */
  public static final class Factory implements Processor.Factory<SearchPhaseResultsProcessor> {
    private final SiblingProcessors siblings;

    public Factory(SiblingProcessors siblings) {
      this.siblings = siblings;
    }

    @Override
    public SearchPhaseResultsProcessor create(
        Map<String, Processor.Factory<SearchPhaseResultsProcessor>> factories,
        String tag,
        String description,
        boolean ignoreFailure,
        Map<String, Object> config,
        Processor.PipelineContext pipeline) {
      siblings.rank(pipeline).set(true);
      return new LiveIntentPhaseResultsProcessor(new Labels(tag, description, ignoreFailure));
    }
  }
}
