package liveintent.search.visitor;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import liveintent.model.EngineModel;
import liveintent.search.request.PlainOrder;
import liveintent.search.request.Reason;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.opensearch.action.get.GetRequest;
import org.opensearch.action.get.GetResponse;
import org.opensearch.common.cache.Cache;
import org.opensearch.common.cache.CacheBuilder;
import org.opensearch.core.action.ActionListener;
import org.opensearch.core.common.bytes.BytesArray;
import org.opensearch.core.common.bytes.BytesReference;
import org.opensearch.index.IndexNotFoundException;
import org.opensearch.transport.client.Client;

/**
 * The models of the indexes that are searched. A search reads an index's first one, and where there
 * was none; what is older than {@link #FRESH_MILLIS} is read again in the background.
 */
public final class ModelCache {
  private static final Logger LOGGER = LogManager.getLogger(ModelCache.class);
  private static final long FRESH_MILLIS = 30_000;
  private static final long ABSENT_MILLIS = 2_000;
  private static final int MOST_KEPT = 32;
  private final Client client;
  private final LongSupplier millis;
  private final Cache<Key, KnownModel> entries =
      CacheBuilder.<Key, KnownModel>builder().setMaximumWeight(MOST_KEPT).build();

  private record Key(String modelsIndex, String index) {}

  /** A model and its source, or null where there is none, and when it was read. */
  private record KnownModel(
      EngineModel model, BytesReference source, long readAt, AtomicBoolean reading) {}

  /**
   * @param millis a clock, ms
   */
  public ModelCache(Client client, LongSupplier millis) {
    this.client = client;
    this.millis = millis;
  }

  /** Hand over the model of an index; a failure with {@link PlainOrder} without one. */
  void model(String modelsIndex, String index, ActionListener<EngineModel> listener) {
    Key key = new Key(modelsIndex, index);
    KnownModel entry = entries.get(key);
    long age = entry == null ? Long.MAX_VALUE : millis.getAsLong() - entry.readAt();
    if (entry == null || (entry.model() == null && age > ABSENT_MILLIS)) {
      read(key, listener);
      return;
    }
    if (age > FRESH_MILLIS && entry.reading().compareAndSet(false, true)) {
      read(key, ActionListener.wrap(model -> {}, error -> entry.reading().set(false)));
    }
    hand(entry.model(), listener);
  }

  private void read(Key key, ActionListener<EngineModel> listener) {
    client.get(
        new GetRequest(key.modelsIndex(), key.index()),
        ActionListener.wrap(
            response -> hand(keep(key, response), listener),
            error -> {
              if (error instanceof IndexNotFoundException) {
                hand(keep(key, null, null), listener);
              } else {
                LOGGER.warn("the model can't be read: " + key, error);
                listener.onFailure(new PlainOrder(Reason.MODEL_UNREADABLE));
              }
            }));
  }

  /** The same object for the same source: visitors are kept for a model. */
  private EngineModel keep(Key key, GetResponse response) {
    if (!response.isExists()) {
      return keep(key, null, null);
    }
    KnownModel before = entries.get(key);
    if (before != null && response.getSourceAsBytesRef().equals(before.source())) {
      return keep(key, before.model(), before.source());
    }
    BytesArray source = new BytesArray(BytesReference.toBytes(response.getSourceAsBytesRef()));
    return keep(key, EngineModel.of(response.getSourceAsMap()), source);
  }

  private EngineModel keep(Key key, EngineModel model, BytesReference source) {
    entries.put(key, new KnownModel(model, source, millis.getAsLong(), new AtomicBoolean()));
    return model;
  }

  private static void hand(EngineModel model, ActionListener<EngineModel> listener) {
    if (model == null) {
      listener.onFailure(new PlainOrder(Reason.NO_MODEL));
    } else {
      listener.onResponse(model);
    }
  }
}
