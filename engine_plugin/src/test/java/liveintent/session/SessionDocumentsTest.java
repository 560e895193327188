package liveintent.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SessionDocumentsTest {
  private static final Map<String, Object> EMPTY = Map.of();

  @Test
  void readsEachEventOnceInOrderOfTime() {
    Map<String, Object> user =
        Map.of("events", List.of(event("e3", 3000, "s1"), event("e1", 1000, "s0")));
    Map<String, Object> session =
        Map.of("events", List.of(event("e2", 2000, "s1"), event("e3", 3000, "s1")));
    List<Event> events = visitor(List.of(user, session)).events();
    assertEquals(List.of("e1", "e2", "e3"), events.stream().map(Event::itemId).toList());
    assertFalse(events.get(0).ownSession());
    assertTrue(events.get(1).ownSession());
    assertEquals(1.0, events.get(0).timestamp());
  }

  @Test
  void keepsTheLastOfRepeatedQueriesOfASession() {
    List<Map<String, Object>> queries =
        List.of(
            query("q1", "Straße", 1000, "s1"),
            query("q2", "shoes", 2000, "s1"),
            query("q3", "STRASSE", 3000, "s1"),
            query("q4", "strasse", 4000, "s0"),
            query("q5", "", 5000, "s1"));
    List<PastQuery> kept = visitor(List.of(Map.of("queries", queries))).queries();
    assertEquals(
        List.of("shoes", "STRASSE", "strasse"), kept.stream().map(PastQuery::queryText).toList());
  }

  @Test
  void leavesExpiredRowsOut() {
    List<Map<String, Object>> documents =
        List.of(Map.of("events", List.of(event("e1", 1000, "s1"), event("e2", 2000, "s1"))));
    assertEquals(1, SessionDocuments.visitor("s1", documents, 2000).events().size());
    assertEquals(2, SessionDocuments.visitor("s1", documents, 1000).events().size());
  }

  @Test
  void takesTheFirstChoice() {
    Map<String, Object> refused = Map.of("consent", Map.of("personalize", false));
    Map<String, Object> agreed = Map.of("consent", Map.of("personalize", true));
    assertTrue(visitor(List.of()).personalise());
    assertTrue(visitor(List.of(EMPTY, Map.of("consent", EMPTY))).personalise());
    assertTrue(visitor(List.of(agreed, refused)).personalise());
    assertFalse(visitor(List.of(EMPTY, refused, agreed)).personalise());
  }

  @Test
  void keepsTheConsentAlone() {
    Map<String, Object> consent = Map.of("consent", Map.of("personalize", false));
    Map<String, Object> document = new HashMap<>(consent);
    document.put("events", List.of(event("e1", 1000, "s1")));
    assertEquals(consent, SessionDocuments.consentAlone(document));
    assertEquals(EMPTY, SessionDocuments.consentAlone(EMPTY));
  }

  @Test
  void saysWhatIsDamaged() {
    Map<String, Object> noTime = new HashMap<>(event("e1", 1000, "s1"));
    noTime.remove("timestamp");
    assertDamaged("the session's document.events has no timestamp", noTime);
    Map<String, Object> number = new HashMap<>(event("e1", 1000, "s1"));
    number.put("action", 5);
    assertDamaged("the session's document.events: action is 5, and must be a text", number);
    Map<String, Object> vector = new HashMap<>(event("e1", 1000, "s1"));
    vector.put("vector", "????");
    assertDamaged("the session's document.events: vector: Illegal base64 character 3f", vector);
  }

  private static void assertDamaged(String message, Map<String, Object> event) {
    Map<String, Object> document = Map.of("events", List.of(event));
    Exception error =
        assertThrows(IllegalArgumentException.class, () -> visitor(List.of(document)).events());
    assertEquals(message, error.getMessage());
  }

  private static Visitor visitor(List<Map<String, Object>> documents) {
    return SessionDocuments.visitor("s1", documents, 0);
  }

  private static Map<String, Object> event(String id, long time, String session) {
    return Map.of(
        "event_id",
        id,
        "item_id",
        id,
        "action",
        "view",
        "timestamp",
        time,
        "received_at",
        time,
        "session_id",
        session);
  }

  private static Map<String, Object> query(String id, String text, long time, String session) {
    return Map.of(
        "query_id",
        id,
        "query_text",
        text,
        "timestamp",
        time,
        "received_at",
        time,
        "session_id",
        session);
  }
}
