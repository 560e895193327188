package liveintent.user;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import liveintent.model.EngineModel;
import liveintent.model.EngineModelTest;
import liveintent.session.Event;
import liveintent.session.Float16;
import liveintent.session.PastQuery;
import liveintent.session.Visitor;
import org.junit.jupiter.api.Test;

/** What Python does not have, or refuses; for all else see {@code test_parity.py}. */
class UserVectorTest {
  private static final double NOW = 1_800_000_000;
  private static final EngineModel MODEL = EngineModel.of(EngineModelTest.source());
  private static final float[] VECTOR = {1, 0, 0};

  @Test
  void leavesVectorsOfOtherLengthsAndSpacesOut() {
    Visitor visitor =
        new Visitor(
            List.of(
                event("v", Float16.bytes(VECTOR)),
                event("other", Float16.bytes(VECTOR)),
                event("v", Float16.bytes(new float[] {1, 0})),
                event("v", Float16.bytes(new float[] {1, 0, Float.NaN})),
                event("v", null)),
            List.of(query("f", VECTOR), query("other", VECTOR), query("f", 1)),
            true,
            0);
    CurrentSpace current = CurrentSpace.of(visitor, MODEL);
    assertEquals(1, current.events());
    assertEquals(1, current.queries());
    assertEquals(6, current.leftOut());
    assertEquals(5, current.visitor().events().size());
    assertNull(current.visitor().events().get(1).vector());
    UserVector user = UserVector.of(current.visitor(), MODEL, null, "shop", NOW);
    assertTrue(user.knowsBehaviour());
    assertArrayEquals(VECTOR, user.vector(), 1e-6f);
    assertArrayEquals(new float[] {1, 0, 0, 0, 0}, user.eventWeights(), 1e-6f);
  }

  @Test
  void countsAnEventWithoutAttributes() {
    Visitor visitor = new Visitor(List.of(event("v", Float16.bytes(VECTOR))), List.of(), true, 0);
    assertArrayEquals(VECTOR, user(visitor, null).vector(), 1e-6f);
  }

  @Test
  void knowsNothingOfALiveQueryAlone() {
    Visitor visitor = new Visitor(List.of(), List.of(), true, 0);
    assertFalse(user(visitor, VECTOR).knowsBehaviour());
    assertFalse(user(visitor, null).knowsBehaviour());
    assertArrayEquals(new float[3], user(visitor, null).vector());
  }

  @Test
  void survivesOppositesAndLongAgo() {
    Event event = event("v", Float16.bytes(VECTOR));
    Event opposite = event("v", Float16.bytes(new float[] {-1, 0, 0}));
    UserVector user = user(new Visitor(List.of(opposite, event), List.of(), true, 0), null);
    assertTrue(Float.isFinite(user.vector()[0]));
    Visitor old = new Visitor(List.of(event), List.of(), true, 0);
    UserVector faded = UserVector.of(old, MODEL, null, "shop", NOW * 1e6);
    assertFalse(faded.knowsBehaviour());
    assertArrayEquals(new float[] {0}, faded.eventWeights());
  }

  @Test
  void namesTheScenarios() {
    Visitor visitor = new Visitor(List.of(event("v", null)), List.of(), true, 0);
    Exception error =
        assertThrows(
            IllegalArgumentException.class,
            () -> UserVector.of(visitor, MODEL, null, "store", NOW));
    assertEquals("scenario [store] is none of shop", error.getMessage());
  }

  private static UserVector user(Visitor visitor, float[] queryMeaning) {
    return UserVector.of(visitor, MODEL, queryMeaning, "shop", NOW);
  }

  private static Event event(String space, byte[] vector) {
    return new Event("view", "1", NOW, true, List.of(), vector, null, null, space, null);
  }

  private static PastQuery query(String fingerprint, float... vector) {
    return new PastQuery("shoes", NOW, true, Float16.bytes(vector), null, fingerprint, "v");
  }
}
