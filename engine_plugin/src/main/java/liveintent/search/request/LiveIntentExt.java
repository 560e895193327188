package liveintent.search.request;

import java.io.IOException;
import java.util.Objects;
import org.opensearch.action.search.SearchRequest;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.core.xcontent.XContentParser;
import org.opensearch.search.SearchExtBuilder;

/** {@code ext.live_intent} of a search. */
public final class LiveIntentExt extends SearchExtBuilder {
  public static final String NAME = "live_intent";
  private final VisitorRequest visitor;

  LiveIntentExt(VisitorRequest visitor) {
    this.visitor = visitor;
  }

  /** Read the ext of a request or of a response: both travel under one name. */
  public static SearchExtBuilder read(StreamInput in) throws IOException {
    return in.readBoolean() ? new LiveIntentExt(new VisitorRequest(in)) : new LiveIntentAnswer(in);
  }

  /** Parse the ext of a request. */
  public static SearchExtBuilder parse(XContentParser parser) throws IOException {
    String owner = "ext." + NAME;
    return new LiveIntentExt(
        VisitorRequest.of(StrictFields.parse(parser, owner, VisitorRequest.NAMES)));
  }

  /** What the search says of its visitor; null where it says nothing. */
  public static VisitorRequest of(SearchRequest request) {
    if (request.source() == null) {
      return null;
    }
    for (SearchExtBuilder ext : request.source().ext()) {
      if (ext instanceof LiveIntentExt live) {
        return live.visitor;
      }
    }
    return null;
  }

  @Override
  public String getWriteableName() {
    return NAME;
  }

  @Override
  public void writeTo(StreamOutput out) throws IOException {
    out.writeBoolean(true);
    visitor.writeTo(out);
  }

  @Override
  public XContentBuilder toXContent(XContentBuilder builder, Params params) throws IOException {
    builder.startObject(NAME);
    visitor.toXContent(builder);
    return builder.endObject();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof LiveIntentExt ext && visitor.equals(ext.visitor);
  }

  @Override
  public int hashCode() {
    return Objects.hash(NAME, visitor);
  }
}
