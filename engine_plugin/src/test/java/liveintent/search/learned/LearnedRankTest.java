package liveintent.search.learned;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import liveintent.search.request.RankReason;
import liveintent.search.request.StrictFields;
import liveintent.search.request.VisitorRequest;
import org.junit.jupiter.api.Test;
import org.opensearch.common.settings.KeyStoreWrapper;
import org.opensearch.common.settings.Settings;

/** What goes to a service and what is taken from it. */
class LearnedRankTest {
  private static final List<String> ASKED = List.of("a", "b", "c");

  @Test
  void answersAreReadStrictly() {
    String good = "{\"total\": {\"value\": 3}, \"degraded\": [], \"hits\": [%s]}";
    String hits =
        "{\"item_id\": \"c\", \"source\": {\"item_id\": \"x\"}}, {\"item_id\": \"a\"},"
            + " {\"item_id\": \"b\"}";
    assertEquals(List.of("c", "a", "b"), order(String.format(good, hits)));
    assertEquals(RankReason.MISSING_ITEMS, refused(String.format(good, hits.replace("c", "z"))));
    assertEquals(RankReason.MISSING_ITEMS, refused("{\"hits\": []}"));
    String twice = hits + ", {\"item_id\": \"b\"}";
    assertEquals(RankReason.MISSING_ITEMS, refused(String.format(good, twice)));
    assertEquals(RankReason.DEGRADED, refused(good.replace("[]", "[{\"stage\": \"rerank\"}]")));
    for (String broken :
        List.of(
            "",
            "[]",
            "{",
            "nonsense",
            "{}",
            "{\"hits\": {}}",
            "{\"hits\": [{}]}",
            "{\"hits\": [\"a\"]}",
            "{\"hits\": [{\"item_id\": 3}]}",
            "{\"hits\": [")) {
      assertEquals(RankReason.UNREADABLE, refused(broken), broken);
    }
  }

  @Test
  void theKeyComesFromTheKeystore() throws Exception {
    List<String> sent = new CopyOnWriteArrayList<>();
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/shop/v1/rank",
        exchange -> {
          sent.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
          sent.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
          byte[] answer =
              "{\"hits\": [{\"item_id\": \"b\"}, {\"item_id\": \"a\"}, {\"item_id\": \"c\"}]}"
                  .getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    server.createContext(
        "/moved/v1/rank",
        exchange -> {
          exchange.getResponseHeaders().add("Location", "/shop/v1/rank");
          exchange.sendResponseHeaders(307, -1);
          exchange.close();
        });
    server.start();
    KeyStoreWrapper keystore = KeyStoreWrapper.create();
    keystore.setString("live_intent.rank.key", "li_secret".toCharArray());
    String key = RankKey.of(Settings.builder().setSecureSettings(keystore).build());
    try (RankClient client = new RankClient(key)) {
      String host = "http://127.0.0.1:" + server.getAddress().getPort();
      RankQuestion question = question(Map.of("session_id", "s", "query_text", "red \"lamp\""));
      assertEquals(List.of("b", "a", "c"), client.ask(settings(host + "/shop/"), question).join());
      assertEquals("Bearer li_secret", sent.get(0));
      assertEquals(
          "{\"session_id\":\"s\",\"query\":\"red \\\"lamp\\\"\",\"item_ids\":[\"a\",\"b\",\"c\"],"
              + "\"size\":3,\"deadline_ms\":5000}",
          sent.get(1));
      CompletionException moved =
          assertThrows(
              CompletionException.class,
              () -> client.ask(settings(host + "/moved"), question).join());
      assertEquals(RankReason.REFUSED, ((RankFailure) moved.getCause()).reason());
      assertEquals(2, sent.size());
    } finally {
      server.stop(0);
    }
    assertEquals("", RankKey.of(Settings.EMPTY));
    keystore.setString("live_intent.rank.key", "li\nsecret".toCharArray());
    Settings unsendable = Settings.builder().setSecureSettings(keystore).build();
    String message =
        assertThrows(IllegalArgumentException.class, () -> RankKey.of(unsendable)).getMessage();
    assertTrue(message.contains("visible ASCII") && !message.contains("secret"), message);
  }

  @Test
  void aNodeWaitsForFewAnswers() throws IOException {
    HttpServer silent =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    // Never started: it accepts and answers nothing.
    try (RankClient client = new RankClient("")) {
      RankSettings settings = settings("http://127.0.0.1:" + silent.getAddress().getPort());
      RankQuestion question = question(Map.of("session_id", "s"));
      List<Object> waiting = new ArrayList<>();
      for (int row = 0; row < RankClient.MOST_IN_FLIGHT; row++) {
        waiting.add(client.ask(settings, question));
      }
      CompletionException busy =
          assertThrows(CompletionException.class, () -> client.ask(settings, question).join());
      assertEquals(RankReason.BUSY, ((RankFailure) busy.getCause()).reason());
      assertEquals(RankClient.MOST_IN_FLIGHT, waiting.size());
    } finally {
      silent.stop(0);
    }
  }

  @Test
  void aPauseEndsWithOneTrial() {
    AtomicLong now = new AtomicLong(7);
    Breaker breaker = new Breaker(now::get);
    for (int failure = 1; failure < Breaker.FAILURES; failure++) {
      assertFalse(breaker.failed());
    }
    assertTrue(breaker.admits());
    assertTrue(breaker.failed());
    assertFalse(breaker.admits());
    now.addAndGet(Breaker.PAUSE_MILLIS);
    assertTrue(breaker.admits());
    assertFalse(breaker.admits());
    assertFalse(breaker.failed()); // that pause was reported
    now.addAndGet(Breaker.PAUSE_MILLIS);
    assertTrue(breaker.admits());
    breaker.succeeded();
    assertTrue(breaker.admits() && breaker.admits());
    assertFalse(breaker.failed());
  }

  @Test
  void addressesAreOfTheWebAlone() {
    for (String url :
        List.of(
            "file:///etc/passwd",
            "ftp://host",
            "http:",
            "http://",
            "host:80",
            "//host",
            "http://user:pass@host",
            "http://host?x=1",
            "http://host#x",
            "http://a b")) {
      String message =
          assertThrows(IllegalArgumentException.class, () -> settings(url)).getMessage();
      assertTrue(message.contains("[rank.url]") && !message.contains("pass@"), message);
    }
    assertEquals("https://h:8/v1/rank", settings("https://h:8/").address().toString());
  }

  private static List<String> order(String body) {
    return RankAnswer.order(body.getBytes(StandardCharsets.UTF_8), ASKED);
  }

  private static RankReason refused(String body) {
    return assertThrows(RankFailure.class, () -> order(body)).reason();
  }

  private static RankSettings settings(String url) {
    Map<String, Object> fields = Map.of("url", url, "timeout_ms", 5000);
    return RankSettings.of(StrictFields.of("rank", fields, RankSettings.NAMES));
  }

  private static RankQuestion question(Map<String, Object> fields) {
    StrictFields read = StrictFields.of("ext", fields, VisitorRequest.NAMES);
    return new RankQuestion(VisitorRequest.of(read), ASKED);
  }
}
