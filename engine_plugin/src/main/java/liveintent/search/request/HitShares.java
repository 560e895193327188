package liveintent.search.request;

import java.io.IOException;
import liveintent.ranking.Shares;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;
import org.opensearch.core.common.io.stream.Writeable;
import org.opensearch.core.xcontent.ToXContentObject;
import org.opensearch.core.xcontent.XContentBuilder;

/** The parts of one hit's score, which add up to it; {@code shares} is null below the window. */
public record HitShares(String id, float score, Shares shares)
    implements Writeable, ToXContentObject {

  HitShares(StreamInput in) throws IOException {
    this(in.readString(), in.readFloat(), in.readBoolean() ? readShares(in) : null);
  }

  private static Shares readShares(StreamInput in) throws IOException {
    return new Shares(
        in.readFloat(),
        in.readFloat(),
        in.readFloat(),
        in.readFloat(),
        in.readFloat(),
        in.readFloat());
  }

  @Override
  public void writeTo(StreamOutput out) throws IOException {
    out.writeString(id);
    out.writeFloat(score);
    out.writeBoolean(shares != null);
    if (shares != null) {
      out.writeFloat(shares.words());
      out.writeFloat(shares.meaning());
      out.writeFloat(shares.person());
      out.writeFloat(shares.events());
      out.writeFloat(shares.popularity());
      out.writeFloat(shares.total());
    }
  }

  @Override
  public XContentBuilder toXContent(XContentBuilder builder, Params params) throws IOException {
    builder.startObject().field("_id", id).field("score", score);
    if (shares != null) {
      builder.field("words", shares.words());
      builder.field("meaning", shares.meaning());
      builder.field("person", shares.person());
      builder.field("events", shares.events());
      builder.field("popularity", shares.popularity());
    }
    return builder.endObject();
  }
}
