package liveintent.search.processors;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import liveintent.search.learned.LearnedRanker;
import liveintent.search.learned.RankSettings;
import liveintent.search.request.HitShares;
import liveintent.search.request.LiveIntentAnswer;
import liveintent.search.request.LiveIntentExt;
import liveintent.search.request.RankOutcome;
import liveintent.search.request.RankReason;
import liveintent.search.request.StrictFields;
import liveintent.search.rescoring.RankedHit;
import liveintent.search.rescoring.ScoreExplanation;
import liveintent.search.statistics.Statistics;
import org.opensearch.action.search.SearchRequest;
import org.opensearch.action.search.SearchResponse;
import org.opensearch.action.search.SearchResponseSections;
import org.opensearch.core.action.ActionListener;
import org.opensearch.search.SearchExtBuilder;
import org.opensearch.search.SearchHit;
import org.opensearch.search.SearchHits;
import org.opensearch.search.aggregations.InternalAggregations;
import org.opensearch.search.builder.SearchSourceBuilder;
import org.opensearch.search.internal.InternalSearchResponse;
import org.opensearch.search.pipeline.AbstractProcessor;
import org.opensearch.search.pipeline.PipelineProcessingContext;
import org.opensearch.search.pipeline.Processor;
import org.opensearch.search.pipeline.SearchResponseProcessor;
import org.opensearch.search.profile.ProfileShardResult;
import org.opensearch.search.profile.SearchProfileShardResults;

/**
 * Says in the answer whether it is personalised, and explains the scores of its hits; by setting a
 * learned re-ranker then orders the page.
 */
public final class LiveIntentResponseProcessor extends AbstractProcessor
    implements SearchResponseProcessor {
  private static final String OWNER = "response_processors.live_intent";
  private static final String RANK = "rank";
  private final Statistics statistics;

  private final LearnedRanker ranker;

  /**
   * @param ranker null: pages keep the engine's order
   */
  private LiveIntentResponseProcessor(Labels labels, Statistics statistics, LearnedRanker ranker) {
    super(labels.tag(), labels.description(), labels.ignoreFailure());
    this.statistics = statistics;
    this.ranker = ranker;
  }

  @Override
  public String getType() {
    return LiveIntentExt.NAME;
  }

  @Override
  public SearchResponse processResponse(SearchRequest request, SearchResponse response) {
    throw new UnsupportedOperationException("live_intent needs the context of the pipeline");
  }

  @Override
  public void processResponseAsync(
      SearchRequest request,
      SearchResponse response,
      PipelineProcessingContext context,
      ActionListener<SearchResponse> listener) {
    Personalisation personalisation = Personalisation.of(context);
    if (personalisation == null) {
      listener.onResponse(response);
      return;
    }
    SearchHits hits = response.getHits();
    LiveIntentAnswer answer = answer(request, hits, personalisation);
    if (ranker == null) {
      listener.onResponse(with(response, hits, answer));
    } else if (personalisation.visitor() == null) {
      RankOutcome kept = new RankOutcome(RankReason.NOT_PERSONALISED, 0);
      listener.onResponse(with(response, hits, counted(answer, kept)));
    } else {
      int from = Math.max(request.source().from(), 0);
      int window = personalisation.visitor().window();
      ranker.rank(
          new LearnedRanker.Page(personalisation.request(), from, window, hits),
          ActionListener.map(
              listener,
              ranked -> with(response, ranked.hits(), counted(answer, ranked.outcome()))));
    }
  }

  private LiveIntentAnswer answer(
      SearchRequest request, SearchHits hits, Personalisation personalisation) {
    if (personalisation.visitor() == null) {
      statistics.countPlain(personalisation.reason());
      return new LiveIntentAnswer(personalisation.reason());
    }
    statistics.countPersonalised();
    List<RankedHit> ranked = page(request.source(), personalisation.ranked());
    Map<SearchHit, RankedHit> known = known(hits.getHits(), ranked);
    if (!personalisation.explained()) {
      known.forEach(LiveIntentResponseProcessor::explain);
    }
    List<HitShares> shares = new ArrayList<>();
    known.forEach(
        (hit, rank) -> shares.add(new HitShares(hit.getId(), rank.score(), rank.shares())));
    boolean asked = personalisation.request().explain();
    return new LiveIntentAnswer(
        personalisation.visitor().counts(),
        personalisation.visitor().window(),
        asked ? shares : List.of());
  }

  private LiveIntentAnswer counted(LiveIntentAnswer answer, RankOutcome outcome) {
    statistics.countRank(outcome);
    return answer.with(outcome);
  }

  private static List<RankedHit> page(SearchSourceBuilder source, List<RankedHit> ranked) {
    return ranked.subList(Math.min(Math.max(source.from(), 0), ranked.size()), ranked.size());
  }

  /** The ranking of each hit, in their order; a hit whose ranking is not known is left out. */
  private static Map<SearchHit, RankedHit> known(SearchHit[] hits, List<RankedHit> ranked) {
    Map<SearchHit, RankedHit> known = new LinkedHashMap<>();
    Iterator<RankedHit> next = ranked.iterator();
    for (SearchHit hit : hits) {
      RankedHit same = null;
      while (same == null && next.hasNext()) { // a hit is missing where its shard failed to fetch
        RankedHit candidate = next.next();
        same = candidate.score() == hit.getScore() ? candidate : null;
      }
      if (same != null) {
        known.put(hit, same);
      }
    }
    return known;
  }

  private static void explain(SearchHit hit, RankedHit ranked) {
    if (hit.getExplanation() != null) {
      hit.explanation(ScoreExplanation.of(ranked, hit.getExplanation()));
    }
  }

  private static SearchResponse with(
      SearchResponse response, SearchHits hits, SearchExtBuilder answer) {
    SearchResponseSections sections = response.getInternalResponse();
    List<SearchExtBuilder> exts = new ArrayList<>(sections.getSearchExtBuilders());
    exts.add(answer);
    Map<String, ProfileShardResult> profile = response.getProfileResults();
    InternalSearchResponse rebuilt =
        new InternalSearchResponse(
            hits,
            (InternalAggregations) response.getAggregations(),
            response.getSuggest(),
            profile.isEmpty() ? null : new SearchProfileShardResults(profile),
            response.isTimedOut(),
            response.isTerminatedEarly(),
            response.getNumReducePhases(),
            exts,
            sections.getProcessorResult());
    return new SearchResponse(
        rebuilt,
        response.getScrollId(),
        response.getTotalShards(),
        response.getSuccessfulShards(),
        response.getSkippedShards(),
        response.getTook().millis(),
        response.getPhaseTook(),
        response.getShardFailures(),
        response.getClusters(),
        response.pointInTimeId());
  }

  /** Makes the processor of a pipeline. */
  public static final class Factory implements Processor.Factory<SearchResponseProcessor> {
    private final Supplier<Statistics> statistics;
    private final Supplier<LearnedRanker.Services> services;

    public Factory(Supplier<Statistics> statistics, Supplier<LearnedRanker.Services> services) {
      this.statistics = statistics;
      this.services = services;
    }

    @Override
    public SearchResponseProcessor create(
        Map<String, Processor.Factory<SearchResponseProcessor>> factories,
        String tag,
        String description,
        boolean ignoreFailure,
        Map<String, Object> config,
        Processor.PipelineContext pipeline) {
      StrictFields fields = StrictFields.of(OWNER, config, Set.of(RANK));
      config.clear(); // the engine refuses what is left over
      return new LiveIntentResponseProcessor(
          new Labels(tag, description, ignoreFailure), statistics.get(), ranker(fields, pipeline));
    }

    private LearnedRanker ranker(StrictFields fields, Processor.PipelineContext pipeline) {
      if (!fields.has(RANK)) {
        return null;
      }
      if (pipeline.getPipelineSource() == Processor.PipelineSource.SEARCH_REQUEST) {
        throw new IllegalArgumentException( // who searches may not send the node anywhere
            "[" + OWNER + "." + RANK + "] is allowed in a stored pipeline alone");
      }
      RankSettings settings = RankSettings.of(fields.object(RANK, RankSettings.NAMES));
      return new LearnedRanker(settings, services.get());
    }
  }
}
