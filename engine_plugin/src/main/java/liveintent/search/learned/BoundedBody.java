package liveintent.search.learned;

import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import liveintent.search.request.RankReason;

/** Collects an answer, and ends it where it is larger than any that the service gives. */
final class BoundedBody implements HttpResponse.BodySubscriber<byte[]> {
  private final HttpResponse.BodySubscriber<byte[]> collected =
      HttpResponse.BodySubscribers.ofByteArray();
  private final long most;
  private long bytes;
  private boolean ended;
  private Flow.Subscription subscription;

  BoundedBody(long most) {
    this.most = most;
  }

  @Override
  public CompletionStage<byte[]> getBody() {
    return collected.getBody();
  }

  @Override
  public void onSubscribe(Flow.Subscription given) {
    subscription = given;
    collected.onSubscribe(given);
  }

  @Override
  public void onNext(List<ByteBuffer> part) {
    if (ended) {
      return;
    }
    bytes += part.stream().mapToLong(ByteBuffer::remaining).sum();
    if (bytes <= most) {
      collected.onNext(part);
      return;
    }
    ended = true;
    subscription.cancel();
    collected.onError(new RankFailure(RankReason.UNREADABLE, "more than " + most + " bytes", true));
  }

  @Override
  public void onError(Throwable error) {
    if (!ended) {
      collected.onError(error);
    }
  }

  @Override
  public void onComplete() {
    if (!ended) {
      collected.onComplete();
    }
  }
}
