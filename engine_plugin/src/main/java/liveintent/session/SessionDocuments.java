package liveintent.session;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The visitor of the stored documents of a user and a session; mirrors {@code
 * query_service/sessions/documents.py}.
 */
public final class SessionDocuments {
  private static final String EVENTS = "events";
  private static final String QUERIES = "queries";
  private static final String RECEIVED = "received_at";

  private SessionDocuments() {}

  /**
   * The visitor with the events and queries of {@code documents}: each once, oldest first.
   *
   * @param documents sources in the order of {@link DocumentIds#of}, without those that are missing
   * @param oldest rows received before this time do not count, ms since 1970
   * @throws IllegalArgumentException for a damaged document; it says what is wrong
   */
  public static Visitor visitor(
      String sessionId, List<Map<String, Object>> documents, long oldest) {
    List<StoredFields> sources = new ArrayList<>();
    for (Map<String, Object> document : documents) {
      sources.add(new StoredFields(document, "the session's document"));
    }
    long firstReceived = Long.MAX_VALUE;
    List<Event> events = new ArrayList<>();
    for (StoredFields row : union(sources, EVENTS, "event_id", oldest)) {
      events.add(Event.of(row, sessionId));
      firstReceived = Math.min(firstReceived, row.whole(RECEIVED));
    }
    List<PastQuery> queries = new ArrayList<>();
    for (StoredFields row : withoutRepeats(union(sources, QUERIES, "query_id", oldest))) {
      queries.add(PastQuery.of(row, sessionId));
      firstReceived = Math.min(firstReceived, row.whole(RECEIVED));
    }
    return new Visitor(
        List.copyOf(events), List.copyOf(queries), personalise(sources), firstReceived);
  }

  /** A document of which the consent alone counts. */
  public static Map<String, Object> consentAlone(Map<String, Object> document) {
    Object consent = document.get("consent");
    return consent == null ? Map.of() : Map.of("consent", consent);
  }

  /** The rows of all documents that count, by time, one per id. */
  private static List<StoredFields> union(
      List<StoredFields> documents, String list, String idField, long oldest) {
    Map<String, StoredFields> rows = new LinkedHashMap<>();
    for (StoredFields document : documents) {
      for (StoredFields row : document.objects(list)) {
        if (row.whole(RECEIVED) >= oldest) {
          rows.putIfAbsent(row.text(idField), row);
        }
      }
    }
    List<StoredFields> sorted = new ArrayList<>(rows.values());
    sorted.sort(Comparator.comparingLong(row -> row.whole("timestamp")));
    return sorted;
  }

  /** Of a query that is repeated in one session, in any letter case, only the last one. */
  private static List<StoredFields> withoutRepeats(List<StoredFields> queries) {
    Map<List<String>, StoredFields> last = new LinkedHashMap<>();
    for (StoredFields query : queries) {
      String folded = folded(query.text("query_text", ""));
      if (!folded.isEmpty()) {
        List<String> key = List.of(folded, query.text("session_id"));
        last.remove(key);
        last.put(key, query);
      }
    }
    return new ArrayList<>(last.values());
  }

  /** The text without differences of letter case, as Python's casefold has it. */
  private static String folded(String text) {
    return text.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT);
  }

  /** The first choice that a document holds; without one nothing is refused. */
  private static boolean personalise(List<StoredFields> documents) {
    for (StoredFields document : documents) {
      if (document.has("consent") && !document.object("consent").values().isEmpty()) {
        return document.object("consent").flag("personalize");
      }
    }
    return true;
  }
}
