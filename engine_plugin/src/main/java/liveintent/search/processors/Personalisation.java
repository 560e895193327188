package liveintent.search.processors;

import java.util.List;
import liveintent.search.request.Reason;
import liveintent.search.request.VisitorRequest;
import liveintent.search.rescoring.RankedHit;
import liveintent.search.visitor.KnownVisitor;
import org.opensearch.search.pipeline.PipelineProcessingContext;

/** What the processors of one search hand on to each other. */
final class Personalisation {
  private static final String ATTRIBUTE = "live_intent";
  private final VisitorRequest request;
  private final KnownVisitor visitor;
  private final Reason reason;
  private volatile List<RankedHit> ranked = List.of();
  private volatile boolean explained = true;
  private volatile int legSize;

  private Personalisation(VisitorRequest request, KnownVisitor visitor, Reason reason) {
    this.request = request;
    this.visitor = visitor;
    this.reason = reason;
  }

  static Personalisation personalised(
      PipelineProcessingContext context, VisitorRequest request, KnownVisitor visitor) {
    Personalisation personalised = new Personalisation(request, visitor, null);
    context.setAttribute(ATTRIBUTE, personalised);
    return personalised;
  }

  static void plain(PipelineProcessingContext context, VisitorRequest request, Reason reason) {
    context.setAttribute(ATTRIBUTE, new Personalisation(request, null, reason));
  }

  /** That of a search; null where its request names no visitor. */
  static Personalisation of(PipelineProcessingContext context) {
    return context.getAttribute(ATTRIBUTE) instanceof Personalisation known ? known : null;
  }

  VisitorRequest request() {
    return request;
  }

  /** Null where the order stays. */
  KnownVisitor visitor() {
    return visitor;
  }

  /** Why the order stays; null where it does not. */
  Reason reason() {
    return reason;
  }

  /**
   * Keep hits of all shards, in their final order.
   *
   * @param explained whether the shards explain these scores
   */
  void rank(List<RankedHit> hits, boolean explained) {
    this.ranked = hits;
    this.explained = explained;
  }

  /** The best hits of all shards; none where one shard ranked its own. */
  List<RankedHit> ranked() {
    return ranked;
  }

  /** Set how many hits of the person leg join the window. */
  void join(int hits) {
    this.legSize = hits;
  }

  int legSize() {
    return legSize;
  }

  boolean explained() {
    return explained;
  }
}
