package liveintent.search.visitor;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import liveintent.model.EngineModel;
import liveintent.search.request.PlainOrder;
import liveintent.search.request.Reason;
import liveintent.search.request.VisitorRequest;
import liveintent.search.statistics.Statistics;
import liveintent.search.visitor.KeptVisitors.KeptVisitor;
import liveintent.search.visitor.KeptVisitors.Key;
import liveintent.session.DocumentIds;
import liveintent.session.SessionDocuments;
import liveintent.session.Visitor;
import liveintent.user.CurrentSpace;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.opensearch.action.get.MultiGetItemResponse;
import org.opensearch.action.get.MultiGetRequest;
import org.opensearch.action.get.MultiGetResponse;
import org.opensearch.common.CheckedConsumer;
import org.opensearch.core.action.ActionListener;
import org.opensearch.index.IndexNotFoundException;
import org.opensearch.search.fetch.subphase.FetchSourceContext;
import org.opensearch.threadpool.ThreadPool;
import org.opensearch.transport.Transports;
import org.opensearch.transport.client.Client;

/**
 * Reads session and user in one realtime multi-get. Where the visitor is kept it asks for the
 * versions alone, and for the documents only if they changed.
 */
final class StoredVisitors {
  private static final Logger LOGGER = LogManager.getLogger(StoredVisitors.class);
  private static final FetchSourceContext CONSENT =
      new FetchSourceContext(true, new String[] {"consent"}, new String[0]);
  private final Client client;
  private final ThreadPool threadPool;
  private final KeptVisitors kept;
  private final Statistics statistics;

  StoredVisitors(Client client, ThreadPool threadPool, KeptVisitors kept, Statistics statistics) {
    this.client = client;
    this.threadPool = threadPool;
    this.kept = kept;
    this.statistics = statistics;
  }

  /**
   * Whose documents are read.
   *
   * @param key null for a visitor who must not be kept
   */
  record Wanted(VisitorRequest visitor, String sessionsIndex, EngineModel model, Key key) {}

  /** Hand over the visitor, not on a thread that serves the network. */
  void read(Wanted wanted, ActionListener<CurrentSpace> listener) {
    long began = System.nanoTime();
    KeptVisitor known = wanted.key() == null ? null : kept.get(wanted.key());
    if (known == null) {
      readAll(wanted, began, listener);
      return;
    }
    get(
        documents(wanted, false),
        listener,
        response -> {
          if (failure(response) == null && known.isOf(response, wanted.model(), oldest(wanted))) {
            statistics.sessionRead(System.nanoTime() - began, true);
            offTransport(() -> listener.onResponse(known.visitor()));
          } else {
            readAll(wanted, began, listener);
          }
        });
  }

  private void readAll(Wanted wanted, long began, ActionListener<CurrentSpace> listener) {
    get(
        documents(wanted, true),
        listener,
        response -> {
          statistics.sessionRead(System.nanoTime() - began, false);
          offTransport(
              () -> ActionListener.completeWith(listener, () -> current(wanted, response)));
        });
  }

  private void get(
      MultiGetRequest request,
      ActionListener<CurrentSpace> listener,
      CheckedConsumer<MultiGetResponse, Exception> answer) {
    client.multiGet(
        request,
        ActionListener.wrap(
            answer,
            error -> {
              LOGGER.warn("a session can't be read", error);
              listener.onFailure(new PlainOrder(Reason.SESSION_UNREADABLE));
            }));
  }

  private static MultiGetRequest documents(Wanted wanted, boolean sources) {
    VisitorRequest visitor = wanted.visitor();
    String choice = DocumentIds.choiceOf(visitor.sessionId());
    MultiGetRequest request = new MultiGetRequest();
    for (String id : DocumentIds.of(visitor.sessionId(), visitor.userId())) {
      MultiGetRequest.Item item = new MultiGetRequest.Item(wanted.sessionsIndex(), id);
      if (!sources) {
        item.fetchSourceContext(FetchSourceContext.DO_NOT_FETCH_SOURCE);
      } else if (id.equals(choice)) {
        item.fetchSourceContext(CONSENT);
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

  private CurrentSpace current(Wanted wanted, MultiGetResponse response) {
    Visitor visitor = visitor(wanted, response);
    CurrentSpace current = CurrentSpace.of(visitor, wanted.model());
    if (wanted.key() != null && failure(response) == null) {
      kept.put(
          wanted.key(), KeptVisitor.of(current, wanted.model(), response, visitor.firstReceived()));
    }
    return current;
  }

  private Visitor visitor(Wanted wanted, MultiGetResponse response) {
    Exception failure = failure(response);
    if (failure != null && !(failure instanceof IndexNotFoundException)) {
      LOGGER.warn("a session can't be read", failure);
      throw new PlainOrder(Reason.SESSION_UNREADABLE);
    }
    String choice = DocumentIds.choiceOf(wanted.visitor().sessionId());
    List<Map<String, Object>> documents = new ArrayList<>();
    boolean known = false;
    for (MultiGetItemResponse item : response) {
      if (!item.isFailed() && item.getResponse().isExists()) {
        Map<String, Object> source = item.getResponse().getSourceAsMap();
        boolean alone = item.getId().equals(choice);
        documents.add(alone ? SessionDocuments.consentAlone(source) : source);
        known |= !alone;
      }
    }
    if (!known) {
      if (wanted.key() != null) {
        kept.remove(wanted.key());
      }
      throw new PlainOrder(Reason.UNKNOWN_SESSION);
    }
    try {
      return SessionDocuments.visitor(wanted.visitor().sessionId(), documents, oldest(wanted));
    } catch (IllegalArgumentException error) {
      LOGGER.warn("a session is damaged", error);
      throw new PlainOrder(Reason.SESSION_UNREADABLE);
    }
  }

  /** Why a document was not read; null where all were, or are missing. */
  private static Exception failure(MultiGetResponse response) {
    for (MultiGetItemResponse item : response) {
      if (item.isFailed()) {
        return item.getFailure().getFailure();
      }
    }
    return null;
  }

  private long oldest(Wanted wanted) {
    return wanted.model().oldest(threadPool.absoluteTimeInMillis());
  }
}
