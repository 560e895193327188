package liveintent.search.rescoring;

import java.io.IOException;
import java.util.Set;
import java.util.TreeSet;
import liveintent.search.request.LiveIntentExt;
import liveintent.search.request.StrictFields;
import liveintent.search.request.VisitorRequest;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;
import org.opensearch.core.common.io.stream.Writeable;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.core.xcontent.XContentParser;

/** A visitor whom a request's own rescorer names; nobody has read the session yet. */
record UnreadVisitor(VisitorRequest request, String sessionsIndex, String modelsIndex)
    implements Writeable {
  private static final String SESSIONS = "sessions_index";
  private static final String MODELS = "models_index";
  private static final int LONGEST_NAME = 255;

  UnreadVisitor(StreamInput in) throws IOException {
    this(new VisitorRequest(in), in.readString(), in.readString());
  }

  static UnreadVisitor parse(XContentParser parser) throws IOException {
    Set<String> names = new TreeSet<>(VisitorRequest.NAMES);
    names.remove("query_text"); // for the pipeline's learned re-ranker alone
    names.add(SESSIONS);
    names.add(MODELS);
    StrictFields fields = StrictFields.parse(parser, "rescore." + LiveIntentExt.NAME, names);
    return new UnreadVisitor(
        VisitorRequest.of(fields),
        fields.id(SESSIONS, LONGEST_NAME),
        fields.id(MODELS, LONGEST_NAME));
  }

  @Override
  public void writeTo(StreamOutput out) throws IOException {
    request.writeTo(out);
    out.writeString(sessionsIndex);
    out.writeString(modelsIndex);
  }

  void toXContent(XContentBuilder builder) throws IOException {
    request.toXContent(builder);
    builder.field(SESSIONS, sessionsIndex);
    builder.field(MODELS, modelsIndex);
  }
}
