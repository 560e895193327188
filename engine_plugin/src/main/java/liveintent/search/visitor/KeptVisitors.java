package liveintent.search.visitor;

import java.util.ArrayList;
import java.util.List;
import liveintent.model.EngineModel;
import liveintent.session.Event;
import liveintent.session.PastQuery;
import liveintent.user.CurrentSpace;
import org.opensearch.action.get.MultiGetItemResponse;
import org.opensearch.action.get.MultiGetResponse;
import org.opensearch.common.cache.Cache;
import org.opensearch.common.cache.CacheBuilder;
import org.opensearch.common.settings.Setting;
import org.opensearch.common.settings.Settings;
import org.opensearch.common.unit.TimeValue;
import org.opensearch.core.common.unit.ByteSizeValue;

/**
 * Visitors as they were read, for searches that find their documents unchanged. Each search still
 * reads the versions in real time.
 */
public final class KeptVisitors {
  /** The memory that they may take. */
  public static final Setting<ByteSizeValue> SIZE =
      Setting.memorySizeSetting("live_intent.visitor_cache.size", "2%", Setting.Property.NodeScope);

  private static final TimeValue LONGEST_UNUSED = TimeValue.timeValueMinutes(5);
  private static final long ROW_BYTES = 400; // of an event or query, beside its vectors
  private final Cache<Key, KeptVisitor> entries;

  /** The sessions' index, by uuid: another index of its name has versions of its own. */
  record Key(String sessionsUuid, String sessionId, String userId) {}

  /** Identifies what a document held; a document that is missing has one too. */
  private record DocumentVersion(String id, long seqNo, long primaryTerm) {}

  /**
   * A visitor.
   *
   * @param firstReceived time of the oldest row among those that counted, ms since 1970
   */
  record KeptVisitor(
      CurrentSpace visitor, EngineModel model, List<DocumentVersion> versions, long firstReceived) {

    static KeptVisitor of(
        CurrentSpace visitor, EngineModel model, MultiGetResponse read, long firstReceived) {
      return new KeptVisitor(visitor, model, KeptVisitors.versions(read), firstReceived);
    }

    /** Whether documents of these versions still make this visitor; {@code oldest} in ms. */
    boolean isOf(MultiGetResponse read, EngineModel present, long oldest) {
      return model == present
          && oldest <= firstReceived
          && versions.equals(KeptVisitors.versions(read));
    }

    private long bytes() {
      long bytes = ROW_BYTES;
      for (Event row : visitor.visitor().events()) {
        bytes += ROW_BYTES + length(row.vector()) + length(row.attributeVector());
        bytes += length(row.textVector());
      }
      for (PastQuery row : visitor.visitor().queries()) {
        bytes += ROW_BYTES + length(row.vector()) + length(row.meaning());
      }
      return bytes;
    }

    private static long length(byte[] vector) {
      return vector == null ? 0 : vector.length;
    }
  }

  public KeptVisitors(Settings settings) {
    entries =
        CacheBuilder.<Key, KeptVisitor>builder()
            .setMaximumWeight(SIZE.get(settings).getBytes())
            .weigher((key, kept) -> kept.bytes())
            .setExpireAfterAccess(LONGEST_UNUSED)
            .build();
  }

  /** Null for a visitor who is not kept. */
  KeptVisitor get(Key key) {
    return entries.get(key);
  }

  void put(Key key, KeptVisitor visitor) {
    entries.put(key, visitor);
  }

  /** Forget a visitor, whose documents are gone. */
  void remove(Key key) {
    entries.invalidate(key);
  }

  private static List<DocumentVersion> versions(MultiGetResponse read) {
    List<DocumentVersion> versions = new ArrayList<>();
    for (MultiGetItemResponse item : read) {
      versions.add(
          new DocumentVersion(
              item.getId(), item.getResponse().getSeqNo(), item.getResponse().getPrimaryTerm()));
    }
    return versions;
  }
}
