package liveintent.search.visitor;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import liveintent.model.EngineModel;
import liveintent.model.RankingWeights;
import liveintent.ranking.VisitorInput;
import liveintent.search.request.LiveIntentAnswer.Counts;
import liveintent.search.request.PlainOrder;
import liveintent.search.request.Reason;
import liveintent.search.request.VisitorRequest;
import liveintent.search.statistics.Statistics;
import liveintent.session.DocumentIds;
import liveintent.session.SessionDocuments;
import liveintent.session.Visitor;
import liveintent.user.CurrentSpace;
import liveintent.user.UserVector;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.opensearch.action.IndicesRequest;
import org.opensearch.action.get.MultiGetItemResponse;
import org.opensearch.action.get.MultiGetRequest;
import org.opensearch.action.get.MultiGetResponse;
import org.opensearch.action.support.ContextPreservingActionListener;
import org.opensearch.action.support.ListenerTimeouts;
import org.opensearch.common.util.concurrent.ThreadContext;
import org.opensearch.core.action.ActionListener;
import org.opensearch.index.IndexNotFoundException;
import org.opensearch.search.fetch.subphase.FetchSourceContext;
import org.opensearch.threadpool.ThreadPool;
import org.opensearch.transport.Transports;
import org.opensearch.transport.client.Client;

/**
 * Reads the visitor of a search: the model of its index, then session and user in one realtime
 * multi-get. For a pipeline it reads as the node: who searches needs no right to read sessions.
 */
public final class VisitorReader {
  private static final Logger LOGGER = LogManager.getLogger(VisitorReader.class);
  private final Client client;
  private final ThreadPool threadPool;
  private final SearchedIndexes indexes;
  private final ModelCache models;
  private final Statistics statistics;

  public VisitorReader(
      Client client, ThreadPool threadPool, SearchedIndexes indexes, Statistics statistics) {
    this.client = client;
    this.threadPool = threadPool;
    this.indexes = indexes;
    this.models = new ModelCache(client, threadPool::relativeTimeInMillis);
    this.statistics = statistics;
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
      byte[] embedding = visitor.queryVectorBytes();
      return new Search(
          visitor,
          index,
          model,
          settings,
          embedding == null ? null : model.meaning(embedding),
          model.ranking().with(visitor.weights()));
    }
  }

  private void read(Search search, ActionListener<KnownVisitor> listener) {
    long began = System.nanoTime();
    client.multiGet(
        documents(search),
        ActionListener.wrap(
            response -> {
              statistics.sessionRead(System.nanoTime() - began);
              offTransport(
                  () -> ActionListener.completeWith(listener, () -> known(search, response)));
            },
            error -> {
              LOGGER.warn("a session can't be read", error);
              listener.onFailure(new PlainOrder(Reason.SESSION_UNREADABLE));
            }));
  }

  private static MultiGetRequest documents(Search search) {
    VisitorRequest visitor = search.visitor();
    String choice = DocumentIds.choiceOf(visitor.sessionId());
    MultiGetRequest request = new MultiGetRequest();
    for (String id : DocumentIds.of(visitor.sessionId(), visitor.userId())) {
      MultiGetRequest.Item item = new MultiGetRequest.Item(search.settings().sessionsIndex(), id);
      if (id.equals(choice)) {
        item.fetchSourceContext(
            new FetchSourceContext(true, new String[] {"consent"}, new String[0]));
      }
      request.add(item);
    }
    return request;
  }

  /** Run it, but not on a thread that serves the network. */
  private void offTransport(Runnable task) {
    if (Transports.isTransportThread(Thread.currentThread())) {
      threadPool.generic().execute(task);
    } else {
      task.run();
    }
  }

  private KnownVisitor known(Search search, MultiGetResponse response) {
    EngineModel model = search.model();
    CurrentSpace current = CurrentSpace.of(visitor(search, response), model);
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

  private Visitor visitor(Search search, MultiGetResponse response) {
    String choice = DocumentIds.choiceOf(search.visitor().sessionId());
    List<Map<String, Object>> documents = new ArrayList<>();
    boolean known = false;
    for (MultiGetItemResponse item : response.getResponses()) {
      if (item.isFailed()) {
        if (!(item.getFailure().getFailure() instanceof IndexNotFoundException)) {
          LOGGER.warn("a session can't be read", item.getFailure().getFailure());
          throw new PlainOrder(Reason.SESSION_UNREADABLE);
        }
      } else if (item.getResponse().isExists()) {
        Map<String, Object> source = item.getResponse().getSourceAsMap();
        boolean alone = item.getId().equals(choice);
        documents.add(alone ? SessionDocuments.consentAlone(source) : source);
        known |= !alone;
      }
    }
    if (!known) {
      throw new PlainOrder(Reason.UNKNOWN_SESSION);
    }
    try {
      long oldest = search.model().oldest(threadPool.absoluteTimeInMillis());
      return SessionDocuments.visitor(search.visitor().sessionId(), documents, oldest);
    } catch (IllegalArgumentException error) {
      LOGGER.warn("a session is damaged", error);
      throw new PlainOrder(Reason.SESSION_UNREADABLE);
    }
  }
}
