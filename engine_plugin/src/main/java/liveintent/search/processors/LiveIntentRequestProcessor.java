package liveintent.search.processors;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import liveintent.search.request.Eligibility;
import liveintent.search.request.LiveIntentExt;
import liveintent.search.request.PlainOrder;
import liveintent.search.request.Reason;
import liveintent.search.request.StrictFields;
import liveintent.search.request.VisitorRequest;
import liveintent.search.rescoring.LegQuery;
import liveintent.search.rescoring.RankedHit;
import liveintent.search.rescoring.RescoreMode;
import liveintent.search.rescoring.VisitorRescorerBuilder;
import liveintent.search.visitor.KnownVisitor;
import liveintent.search.visitor.LegSettings;
import liveintent.search.visitor.VisitorReader;
import liveintent.search.visitor.VisitorSettings;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.opensearch.action.search.SearchRequest;
import org.opensearch.action.search.SearchType;
import org.opensearch.common.unit.TimeValue;
import org.opensearch.core.action.ActionListener;
import org.opensearch.search.builder.SearchSourceBuilder;
import org.opensearch.search.pipeline.AbstractProcessor;
import org.opensearch.search.pipeline.PipelineProcessingContext;
import org.opensearch.search.pipeline.Processor;
import org.opensearch.search.pipeline.SearchRequestProcessor;
import org.opensearch.search.rescore.RescorerBuilder;
import org.opensearch.transport.client.Client;

/** Reads the visitor whom a search names, and adds the rescorer, after the request's own ones. */
public final class LiveIntentRequestProcessor extends AbstractProcessor
    implements SearchRequestProcessor {
  private static final Logger LOGGER = LogManager.getLogger(LiveIntentRequestProcessor.class);
  private final VisitorSettings settings;
  private final LegSettings personLeg;
  private final Services services;

  private final AtomicBoolean ranks;

  /** What the node lends it. */
  public record Services(VisitorReader reader, Client client) {}

  private LiveIntentRequestProcessor(
      Labels labels,
      VisitorSettings settings,
      LegSettings personLeg,
      Services services,
      AtomicBoolean ranks) {
    super(labels.tag(), labels.description(), labels.ignoreFailure());
    this.settings = settings;
    this.personLeg = personLeg;
    this.services = services;
    this.ranks = ranks;
  }

  @Override
  public String getType() {
    return LiveIntentExt.NAME;
  }

  @Override
  public SearchRequest processRequest(SearchRequest request) {
    throw new UnsupportedOperationException("live_intent reads the visitor asynchronously");
  }

  @Override
  public void processRequestAsync(
      SearchRequest request,
      PipelineProcessingContext context,
      ActionListener<SearchRequest> listener) {
    VisitorRequest visitor = LiveIntentExt.of(request);
    boolean done = Personalisation.of(context) != null; // the pipeline has this processor twice
    if (visitor == null || done) {
      listener.onResponse(request);
      return;
    }
    Search search = new Search(request, visitor, context, listener);
    ActionListener<KnownVisitor> known =
        ActionListener.wrap(read -> personalise(search, read), error -> plain(search, error));
    try {
      Eligibility.check(request);
    } catch (PlainOrder error) {
      known.onFailure(error);
      return;
    }
    services.reader().read(visitor, request, settings, known);
  }

  /** What the processor is called with. */
  private record Search(
      SearchRequest request,
      VisitorRequest visitor,
      PipelineProcessingContext context,
      ActionListener<SearchRequest> listener) {}

  private static void plain(Search search, Exception error) {
    if (error instanceof IllegalArgumentException) {
      search.listener().onFailure(error);
      return;
    }
    Reason reason = Reason.SESSION_UNREADABLE;
    if (error instanceof PlainOrder plain) {
      reason = plain.reason();
    } else {
      LOGGER.warn("a visitor can't be read", error);
    }
    Personalisation.plain(search.context(), search.visitor(), reason);
    search.listener().onResponse(search.request());
  }

  private void personalise(Search search, KnownVisitor known) throws IOException {
    SearchRequest request = search.request();
    Integer terms = search.visitor().queryTerms();
    // The engine gives the processor between query and fetch no part in a search with dfs.
    boolean dfs = request.searchType() == SearchType.DFS_QUERY_THEN_FETCH;
    if (known.shards() == 1 && !(ranks.get() && search.visitor().explain())) {
      // The shard's window is the whole one: parts are sent only where the answer lists them.
      go(search, known, RescoreMode.ofShard(terms).with(leg(search, known)), List.of());
    } else if (ranks.get() && (known.shards() == 1 || !dfs)) {
      // The engine must not merge shards before that processor.
      request.setBatchedReduceSize(Integer.MAX_VALUE);
      go(search, known, RescoreMode.gathered(terms).with(leg(search, known)), List.of());
    } else {
      new FirstRound(services.client())
          .ask(
              request,
              known,
              terms,
              (window, hits) -> {
                boolean empty = hits.isEmpty();
                go(
                    search,
                    known,
                    empty ? RescoreMode.ofShard(terms) : RescoreMode.within(window),
                    hits);
              },
              error -> {
                LOGGER.warn("the first round of a search failed", error);
                plain(search, new PlainOrder(Reason.FIRST_ROUND));
              });
    }
  }

  /**
   * The person leg; null without one. Its hits have the query's score alone, not a rescorer's, and
   * may be of those that terminate_after leaves uncollected.
   */
  private LegQuery leg(Search search, KnownVisitor known) throws IOException {
    SearchSourceBuilder own = search.request().source();
    boolean rescored = own.rescores() != null && !own.rescores().isEmpty();
    boolean possible = known.near() && known.input().userVector() != null;
    if (!personLeg.enabled() || !possible || rescored || own.terminateAfter() > 0) {
      return null;
    }
    float[] vector = known.input().userVector();
    return LegQuery.of(LegSettings.VECTOR, vector, personLeg.size(), own.query());
  }

  private static void go(
      Search search, KnownVisitor known, RescoreMode mode, List<RankedHit> ranked) {
    SearchSourceBuilder own = search.request().source();
    SearchSourceBuilder source = own.shallowCopy();
    source.clearRescorers();
    if (own.rescores() != null) {
      for (RescorerBuilder<?> rescorer : own.rescores()) {
        source.addRescorer(rescorer);
      }
    }
    source.addRescorer(new VisitorRescorerBuilder(known.window(), known.input(), mode));
    search.request().source(source);
    Personalisation personalised =
        Personalisation.personalised(search.context(), search.visitor(), known);
    personalised.rank(ranked, true);
    personalised.join(mode.leg() == null ? 0 : mode.leg().size());
    search.listener().onResponse(search.request());
  }

  /** Makes the processor of a pipeline. */
  public static final class Factory implements Processor.Factory<SearchRequestProcessor> {
    private static final Set<String> NAMES =
        new TreeSet<>(
            Set.of("sessions_index", "models_index", "window", "timeout_ms", "person_leg"));
    private static final int LONGEST_NAME = 255;
    private static final int LARGEST_TIMEOUT = 10_000;
    private final Supplier<Services> services;

    private final SiblingProcessors siblings;

    public Factory(Supplier<Services> services, SiblingProcessors siblings) {
      this.services = services;
      this.siblings = siblings;
    }

    @Override
    public SearchRequestProcessor create(
        Map<String, Processor.Factory<SearchRequestProcessor>> factories,
        String tag,
        String description,
        boolean ignoreFailure,
        Map<String, Object> config,
        Processor.PipelineContext pipeline) {
      StrictFields fields = StrictFields.of("request_processors.live_intent", config, NAMES);
      config.clear(); // the engine refuses what is left over
      VisitorSettings settings =
          new VisitorSettings(
              fields.id("sessions_index", LONGEST_NAME),
              fields.id("models_index", LONGEST_NAME),
              fields.has("window")
                  ? fields.whole(
                      "window", VisitorRequest.LEAST_WINDOW, VisitorRequest.LARGEST_WINDOW)
                  : VisitorSettings.WINDOW,
              TimeValue.timeValueMillis(
                  fields.has("timeout_ms")
                      ? fields.whole("timeout_ms", 1, LARGEST_TIMEOUT)
                      : VisitorSettings.TIMEOUT_MILLIS),
              // Who searches names the indexes of a pipeline inside the request: no right of ours.
              pipeline.getPipelineSource() != Processor.PipelineSource.SEARCH_REQUEST);
      return new LiveIntentRequestProcessor(
          new Labels(tag, description, ignoreFailure),
          settings,
          leg(fields),
          services.get(),
          siblings.rank(pipeline));
    }

    private static LegSettings leg(StrictFields fields) {
      StrictFields leg = fields.object("person_leg", Set.of("enabled", "k"));
      return new LegSettings(
          leg.has("enabled") && leg.flag("enabled"),
          leg.has("k") ? leg.whole("k", 1, VisitorRequest.LARGEST_WINDOW) : LegSettings.SIZE);
    }
  }
}
