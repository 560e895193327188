package liveintent.search.learned;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import liveintent.search.request.RankOutcome;
import liveintent.search.request.RankReason;
import liveintent.search.request.VisitorRequest;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.opensearch.action.support.ContextPreservingActionListener;
import org.opensearch.core.action.ActionListener;
import org.opensearch.search.SearchHit;
import org.opensearch.search.SearchHits;
import org.opensearch.threadpool.ThreadPool;

/** Orders the first page of a pipeline's searches by a query service's re-ranker. */
public final class LearnedRanker {
  private static final Logger LOGGER = LogManager.getLogger(LearnedRanker.class);
  private static final int MOST_HITS = 500; // of one request to /v1/rank
  private final RankSettings settings;
  private final Services services;
  private final Breaker breaker;

  /** What the node lends it. */
  public record Services(RankClient client, ThreadPool threadPool) {}

  /**
   * A page of a personalised search.
   *
   * @param window how many hits the engine ranked for the visitor
   */
  public record Page(VisitorRequest visitor, int from, int window, SearchHits hits) {}

  /** The hits in their final order, and whose order that is. */
  public record Ranked(SearchHits hits, RankOutcome outcome) {}

  public LearnedRanker(RankSettings settings, Services services) {
    this.settings = settings;
    this.services = services;
    this.breaker = new Breaker(() -> TimeUnit.NANOSECONDS.toMillis(System.nanoTime()));
  }

  /** Hand over the page in time, in the caller's thread context; it never fails. */
  public void rank(Page page, ActionListener<Ranked> listener) {
    RankReason kept = kept(page);
    if (kept != null) {
      listener.onResponse(new Ranked(page.hits(), new RankOutcome(kept, 0)));
      return;
    }
    ActionListener<Ranked> restoring =
        new ContextPreservingActionListener<>(
            services.threadPool().getThreadContext().newRestorableContext(true), listener);
    List<String> ids = Arrays.stream(page.hits().getHits()).map(SearchHit::getId).toList();
    long began = System.nanoTime();
    services
        .client()
        .ask(settings, new RankQuestion(page.visitor(), ids))
        .handleAsync(
            (order, error) -> {
              long took = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
              RankReason reason = noted(error);
              SearchHits hits =
                  reason == null ? PageOrder.of(page.hits(), ids, order) : page.hits();
              ActionListener.completeWith(
                  restoring, () -> new Ranked(hits, new RankOutcome(reason, took)));
              return null;
            },
            services.threadPool().executor(ThreadPool.Names.GENERIC));
  }

  /** Why a page is not asked for; null: it is. */
  private RankReason kept(Page page) {
    int hits = page.hits().getHits().length;
    if (page.from() > 0) {
      return RankReason.LATER_PAGE;
    }
    if (hits > Math.min(page.window(), MOST_HITS)) {
      return RankReason.BEYOND_WINDOW;
    }
    if (hits < 2) {
      return RankReason.FEW_HITS;
    }
    if (Arrays.stream(page.hits().getHits()).anyMatch(hit -> hit.getId() == null)) {
      return RankReason.NO_IDS;
    }
    if (page.visitor().hasPseudonym()) {
      return RankReason.PSEUDONYM;
    }
    return breaker.admits() ? null : RankReason.PAUSED;
  }

  /** Count what a question ended with; the reason of a failure, null without one. */
  private RankReason noted(Throwable thrown) {
    Throwable error = thrown instanceof CompletionException ? thrown.getCause() : thrown;
    if (error == null) {
      breaker.succeeded();
      return null;
    }
    RankFailure failure = failure(error);
    boolean answered =
        failure.reason() == RankReason.MISSING_ITEMS || failure.reason() == RankReason.DEGRADED;
    if (answered) {
      breaker.succeeded();
    } else if (failure.counts() && breaker.failed()) {
      LOGGER.warn(
          "{} is not asked for {} ms after {} failures in a row, the last: {} ({})",
          settings.address(),
          Breaker.PAUSE_MILLIS,
          Breaker.FAILURES,
          failure.reason().text(),
          failure.getMessage());
    }
    return failure.reason();
  }

  private static RankFailure failure(Throwable error) {
    List<Throwable> causes = new ArrayList<>();
    for (Throwable each = error; each != null && causes.size() < 10; each = each.getCause()) {
      causes.add(each);
      if (each instanceof RankFailure failure) {
        return failure;
      }
    }
    if (error instanceof TimeoutException) {
      return new RankFailure(RankReason.LATE, "late", true);
    }
    return new RankFailure(RankReason.UNREACHABLE, causes.toString(), true);
  }
}
