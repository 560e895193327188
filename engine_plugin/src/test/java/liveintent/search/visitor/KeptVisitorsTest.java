package liveintent.search.visitor;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import liveintent.model.EngineModel;
import liveintent.model.EngineModelTest;
import liveintent.search.visitor.KeptVisitors.KeptVisitor;
import liveintent.search.visitor.KeptVisitors.Key;
import liveintent.session.Event;
import liveintent.session.Visitor;
import liveintent.user.CurrentSpace;
import org.junit.jupiter.api.Test;
import org.opensearch.action.get.GetResponse;
import org.opensearch.action.get.MultiGetItemResponse;
import org.opensearch.action.get.MultiGetResponse;
import org.opensearch.common.settings.Settings;
import org.opensearch.index.get.GetResult;

class KeptVisitorsTest {
  private static final EngineModel MODEL = EngineModel.of(EngineModelTest.source());
  private static final long RECEIVED = 1000;

  @Test
  void isOfTheSameVersionsAndModelWhileItsRowsCount() {
    KeptVisitor kept = kept(read(7, 1));
    assertTrue(kept.isOf(read(7, 1), MODEL, RECEIVED));
    assertFalse(kept.isOf(read(8, 1), MODEL, RECEIVED));
    assertFalse(kept.isOf(read(7, 2), MODEL, RECEIVED));
    assertFalse(kept.isOf(read(7, 1), MODEL, RECEIVED + 1), "a row is too old");
    EngineModel other = EngineModel.of(EngineModelTest.source());
    assertFalse(kept.isOf(read(7, 1), other, RECEIVED));
  }

  @Test
  void takesNoMoreMemoryThanTheSettingSays() {
    KeptVisitors visitors = new KeptVisitors(size("25kb"));
    for (int number = 0; number < 10; number++) { // 10,000 bytes and more each
      visitors.put(new Key("uuid", "s" + number, ""), kept(read(7, 1)));
    }
    assertNull(visitors.get(new Key("uuid", "s7", "")));
    assertNotNull(visitors.get(new Key("uuid", "s9", "")));
    KeptVisitors none = new KeptVisitors(size("0"));
    none.put(new Key("uuid", "s", ""), kept(read(7, 1)));
    assertNull(none.get(new Key("uuid", "s", "")));
  }

  private static Settings size(String size) {
    return Settings.builder().put(KeptVisitors.SIZE.getKey(), size).build();
  }

  private static KeptVisitor kept(MultiGetResponse read) {
    byte[] vector = new byte[10_000];
    Event event = new Event("view", "1", 0, true, List.of(), vector, null, null, "v", null);
    Visitor visitor = new Visitor(List.of(event), List.of(), true, RECEIVED);
    return KeptVisitor.of(new CurrentSpace(visitor, 1, 0, 0), MODEL, read, RECEIVED);
  }

  private static MultiGetResponse read(long seqNo, long term) {
    GetResult result =
        new GetResult("sessions", "session:s", seqNo, term, 1, true, null, Map.of(), Map.of());
    return new MultiGetResponse(
        new MultiGetItemResponse[] {new MultiGetItemResponse(new GetResponse(result), null)});
  }
}
