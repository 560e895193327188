package liveintent.search.learned;

import java.io.Closeable;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import liveintent.search.request.RankReason;

/** Asks query services over HTTP, for all searches of a node, and never waits in a thread. */
public final class RankClient implements Closeable {
  static final int MOST_IN_FLIGHT = 32;
  private static final int LARGEST_ANSWER = 2 << 20;
  private static final int OK = 200;
  private static final Set<Integer> OF_THIS_REQUEST = Set.of(400, 413, 422);
  private final String key;
  private final Semaphore free = new Semaphore(MOST_IN_FLIGHT);
  private HttpClient client;

  /**
   * @param key of the service; "" without one
   */
  public RankClient(String key) {
    this.key = key;
  }

  /** The ids of the question in the service's order, in time; else it ends with a failure. */
  CompletableFuture<List<String>> ask(RankSettings settings, RankQuestion question) {
    if (!free.tryAcquire()) {
      return CompletableFuture.failedFuture(new RankFailure(RankReason.BUSY, "busy", false));
    }
    CompletableFuture<HttpResponse<byte[]>> sent;
    try {
      sent = http().sendAsync(request(settings, question), head -> new BoundedBody(LARGEST_ANSWER));
    } catch (RuntimeException error) {
      free.release();
      return CompletableFuture.failedFuture(error);
    }
    sent.whenComplete((answer, error) -> free.release());
    CompletableFuture<List<String>> order =
        sent.thenApply(answer -> order(answer, question.items()));
    // The timeout of HttpRequest does not count the time of the answer's body.
    order.orTimeout(settings.timeout().toMillis(), TimeUnit.MILLISECONDS);
    order.whenComplete((ids, error) -> sent.cancel(true)); // nothing once it is complete
    return order;
  }

  private HttpRequest request(RankSettings settings, RankQuestion question) {
    byte[] body = question.json(settings.timeout().toMillis());
    HttpRequest.Builder request =
        HttpRequest.newBuilder(settings.address())
            .header("Content-Type", "application/json")
            .header("Accept", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(body));
    if (!key.isEmpty()) {
      request.header("Authorization", "Bearer " + key);
    }
    return request.build();
  }

  private static List<String> order(HttpResponse<byte[]> answer, List<String> asked) {
    int status = answer.statusCode();
    if (status != OK) {
      boolean counts = !OF_THIS_REQUEST.contains(status);
      throw new RankFailure(RankReason.REFUSED, "status " + status, counts);
    }
    return RankAnswer.order(answer.body(), asked);
  }

  /** Made by the first search that needs it: it has a thread of its own. */
  private synchronized HttpClient http() {
    if (client == null) {
      client =
          HttpClient.newBuilder()
              .version(HttpClient.Version.HTTP_1_1)
              .followRedirects(HttpClient.Redirect.NEVER)
              .proxy(HttpClient.Builder.NO_PROXY)
              .build();
    }
    return client;
  }

  @Override
  public synchronized void close() {
    if (client != null) {
      client.shutdownNow();
    }
  }
}
