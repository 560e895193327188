package liveintent.search.visitor;

import java.util.Set;
import liveintent.model.EngineModel;
import liveintent.model.RankingWeights;
import liveintent.ranking.VisitorInput;
import liveintent.search.request.LiveIntentAnswer.Counts;
import liveintent.search.request.PlainOrder;
import liveintent.search.request.Reason;
import liveintent.search.request.VisitorRequest;
import liveintent.search.statistics.Statistics;
import liveintent.user.CurrentSpace;
import liveintent.user.UserVector;
import org.opensearch.action.IndicesRequest;
import org.opensearch.action.support.ContextPreservingActionListener;
import org.opensearch.action.support.ListenerTimeouts;
import org.opensearch.common.util.concurrent.ThreadContext;
import org.opensearch.core.action.ActionListener;
import org.opensearch.threadpool.ThreadPool;
import org.opensearch.transport.client.Client;

/**
 * Reads the visitor of a search: the model of its index, then session and user. For a pipeline it
 * reads as the node: who searches needs no right to read sessions.
 */
public final class VisitorReader {
  private final ThreadPool threadPool;
  private final SearchedIndexes indexes;
  private final ModelCache models;
  private final StoredVisitors visitors;

  public VisitorReader(
      Client client,
      ThreadPool threadPool,
      SearchedIndexes indexes,
      KeptVisitors kept,
      Statistics statistics) {
    this.threadPool = threadPool;
    this.indexes = indexes;
    this.models = new ModelCache(client, threadPool::relativeTimeInMillis);
    this.visitors = new StoredVisitors(client, threadPool, kept, statistics);
  }

  /**
   * Hand over the visitor, in the caller's thread context. Failures: {@link PlainOrder} where the
   * search keeps its order; IllegalArgumentException for a request that does not fit the index.
   */
  public void read(
      VisitorRequest visitor,
      IndicesRequest request,
      VisitorSettings settings,
      ActionListener<KnownVisitor> listener) {
    try {
      SearchedIndex index = indexes.of(request);
      ThreadContext context = threadPool.getThreadContext();
      ActionListener<KnownVisitor> restoring =
          new ContextPreservingActionListener<>(context.newRestorableContext(true), listener);
      ActionListener<KnownVisitor> timed =
          ListenerTimeouts.wrapWithTimeout(
              threadPool,
              settings.timeout(),
              ThreadPool.Names.GENERIC,
              restoring,
              late -> restoring.onFailure(new PlainOrder(Reason.LATE)));
      ThreadContext.StoredContext stored =
          settings.asNode() ? context.stashContext() : context.newStoredContext(true);
      try (stored) {
        models.model(
            settings.modelsIndex(),
            index.name(),
            ActionListener.wrap(
                model -> read(Search.of(visitor, index, model, settings), timed),
                timed::onFailure));
      }
    } catch (PlainOrder | IllegalArgumentException error) {
      listener.onFailure(error);
    }
  }

  /**
   * All that is known before the session is read.
   *
   * @param meaning of the query, float32 [M]; null without one
   */
  private record Search(
      VisitorRequest visitor,
      SearchedIndex index,
      EngineModel model,
      VisitorSettings settings,
      float[] meaning,
      RankingWeights weights) {

    static Search of(
        VisitorRequest visitor, SearchedIndex index, EngineModel model, VisitorSettings settings) {
      if (!model.fingerprint().equals(index.fingerprint())
          || !model.vectorSpace().equals(index.vectorSpace())) {
        throw new PlainOrder(Reason.OTHER_SPACE);
      }
      Set<String> scenarios = model.actions().scenarios();
      if (!scenarios.contains(visitor.scenario())) {
        throw new IllegalArgumentException(
            String.format(
                "[live_intent.scenario] is \"%s\", and must be one of %s",
                visitor.scenario(), String.join(", ", scenarios)));
      }
      RankingWeights weights = model.ranking().with(visitor.weights());
      return new Search(visitor, index, model, settings, meaning(visitor, model), weights);
    }

    private static float[] meaning(VisitorRequest visitor, EngineModel model) {
      byte[] embedding = visitor.queryVectorBytes();
      try {
        return embedding == null ? null : model.meaning(embedding);
      } catch (IllegalArgumentException error) {
        throw new IllegalArgumentException(
            "[live_intent.query_vector] does not fit: " + error.getMessage(), error);
      }
    }
  }

  private void read(Search search, ActionListener<KnownVisitor> listener) {
    String sessions = search.settings().sessionsIndex();
    VisitorRequest visitor = search.visitor();
    String uuid = search.settings().asNode() ? indexes.uuid(sessions) : null;
    // In the name of who searches nothing is kept: that name's rights may hide fields.
    KeptVisitors.Key key =
        uuid == null ? null : new KeptVisitors.Key(uuid, visitor.sessionId(), visitor.userId());
    visitors.read(
        new StoredVisitors.Wanted(visitor, sessions, search.model(), key),
        ActionListener.map(listener, current -> known(search, current)));
  }

  private KnownVisitor known(Search search, CurrentSpace current) {
    EngineModel model = search.model();
    if (!current.visitor().personalise()) {
      throw new PlainOrder(Reason.CONSENT);
    }
    double now = threadPool.absoluteTimeInMillis() / 1000.0;
    String scenario = search.visitor().scenario();
    UserVector vector = UserVector.of(current.visitor(), model, search.meaning(), scenario, now);
    if (!vector.knowsBehaviour() && search.meaning() == null) {
      throw new PlainOrder(Reason.NOTHING_KNOWN);
    }
    Integer window = search.visitor().window();
    return new KnownVisitor(
        VisitorInput.of(current.visitor(), vector, search.meaning(), model, search.weights()),
        new Counts(current.events(), current.queries(), current.leftOut()),
        search.index().shards(),
        search.index().near(),
        Math.min(
            window == null ? search.settings().window() : window, search.index().largestWindow()));
  }
}
