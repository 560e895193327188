package liveintent.search.rescoring;

import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import liveintent.ranking.VisitorInput;
import liveintent.search.request.LiveIntentExt;
import liveintent.search.request.PlainOrder;
import liveintent.search.visitor.KnownVisitor;
import liveintent.search.visitor.VisitorReader;
import liveintent.search.visitor.VisitorSettings;
import org.opensearch.action.IndicesRequest;
import org.opensearch.common.unit.TimeValue;
import org.opensearch.core.action.ActionListener;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.core.xcontent.XContentParser;
import org.opensearch.index.query.QueryCoordinatorContext;
import org.opensearch.index.query.QueryRewriteContext;
import org.opensearch.index.query.QueryShardContext;
import org.opensearch.search.rescore.RescoreContext;
import org.opensearch.search.rescore.RescorerBuilder;

/**
 * Brings a visitor to the shards: one whom the pipeline read, or whom a request's own rescorer
 * names and the coordinating node reads when it rewrites the request.
 */
public final class VisitorRescorerBuilder extends RescorerBuilder<VisitorRescorerBuilder> {
  private final UnreadVisitor unread;
  private final VisitorInput visitor;
  private final RescoreMode mode;
  // Of the coordinating node alone, while it reads:
  private final Supplier<VisitorReader> reader;
  private final AtomicReference<VisitorRescorerBuilder> read;

  /** For a visitor who was read; null: the order stays. */
  public VisitorRescorerBuilder(int window, VisitorInput visitor, RescoreMode mode) {
    this.unread = null;
    this.visitor = visitor;
    this.mode = mode;
    this.reader = null;
    this.read = null;
    this.windowSize = window;
  }

  private VisitorRescorerBuilder(
      UnreadVisitor unread,
      Supplier<VisitorReader> reader,
      AtomicReference<VisitorRescorerBuilder> read) {
    this.unread = unread;
    this.visitor = null;
    this.mode = RescoreMode.ofShard(unread.request().queryTerms());
    this.reader = reader;
    this.read = read;
  }

  public VisitorRescorerBuilder(StreamInput in, Supplier<VisitorReader> reader) throws IOException {
    super(in);
    this.unread = in.readOptionalWriteable(UnreadVisitor::new);
    this.visitor = in.readOptionalWriteable(VisitorInput::new);
    this.mode = new RescoreMode(in);
    this.reader = reader;
    this.read = null;
  }

  /** Parse {@code rescore.live_intent}. */
  public static VisitorRescorerBuilder parse(XContentParser parser, Supplier<VisitorReader> reader)
      throws IOException {
    return new VisitorRescorerBuilder(UnreadVisitor.parse(parser), reader, null);
  }

  @Override
  protected void doWriteTo(StreamOutput out) throws IOException {
    out.writeOptionalWriteable(unread);
    out.writeOptionalWriteable(visitor);
    mode.writeTo(out);
  }

  @Override
  public String getWriteableName() {
    return LiveIntentExt.NAME;
  }

  /** What it was parsed from; of a visitor who was read nothing is shown. */
  @Override
  protected void doXContent(XContentBuilder builder, Params params) throws IOException {
    builder.startObject(LiveIntentExt.NAME);
    if (unread != null) {
      unread.toXContent(builder);
    }
    builder.endObject();
  }

  @Override
  public RescorerBuilder<VisitorRescorerBuilder> rewrite(QueryRewriteContext context) {
    if (read != null) {
      return read.get() == null ? this : read.get();
    }
    QueryCoordinatorContext coordinator = context.convertToCoordinatorContext();
    if (unread == null || coordinator == null) {
      return this;
    }
    AtomicReference<VisitorRescorerBuilder> result = new AtomicReference<>();
    context.registerAsyncAction(
        (client, listener) -> read(coordinator.getSearchRequest(), result, listener));
    VisitorRescorerBuilder reading = new VisitorRescorerBuilder(unread, reader, result);
    reading.windowSize = windowSize;
    return reading;
  }

  private void read(
      IndicesRequest request,
      AtomicReference<VisitorRescorerBuilder> result,
      ActionListener<?> listener) {
    VisitorSettings settings =
        new VisitorSettings(
            unread.sessionsIndex(),
            unread.modelsIndex(),
            windowSize == null ? VisitorSettings.WINDOW : windowSize,
            TimeValue.timeValueMillis(VisitorSettings.TIMEOUT_MILLIS),
            false); // the request chose the indexes
    reader
        .get()
        .read(
            unread.request(),
            request,
            settings,
            ActionListener.wrap(
                known -> {
                  result.set(known(known));
                  listener.onResponse(null);
                },
                error -> {
                  if (error instanceof PlainOrder) {
                    result.set(new VisitorRescorerBuilder(settings.window(), null, mode));
                    listener.onResponse(null);
                  } else {
                    listener.onFailure(error);
                  }
                }));
  }

  private VisitorRescorerBuilder known(KnownVisitor known) {
    return new VisitorRescorerBuilder(known.window(), known.input(), mode);
  }

  @Override
  protected RescoreContext innerBuildContext(int window, QueryShardContext context)
      throws IOException {
    PersonLeg leg = mode.leg() == null ? null : mode.leg().leg(context);
    return new VisitorRescoreContext(window, context.getShardId(), visitor, mode, leg);
  }

  @Override
  public boolean equals(Object other) {
    return super.equals(other)
        && other instanceof VisitorRescorerBuilder builder
        && Objects.equals(unread, builder.unread)
        && Objects.equals(visitor, builder.visitor)
        && mode.equals(builder.mode);
  }

  @Override
  public int hashCode() {
    return Objects.hash(super.hashCode(), unread, visitor, mode);
  }
}
