package liveintent.model;

import java.io.IOException;
import liveintent.session.StoredFields;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;
import org.opensearch.core.common.io.stream.Writeable;

/** The weight of each attribute in the affinity of item and event; mirrors {@code affinity.py}. */
public record AffinityWeights(float brand, float category, float price) implements Writeable {

  static AffinityWeights of(StoredFields affinity) {
    return new AffinityWeights(
        (float) affinity.number("brand"),
        (float) affinity.number("category"),
        (float) affinity.number("price"));
  }

  public AffinityWeights(StreamInput in) throws IOException {
    this(in.readFloat(), in.readFloat(), in.readFloat());
  }

  @Override
  public void writeTo(StreamOutput out) throws IOException {
    out.writeFloat(brand);
    out.writeFloat(category);
    out.writeFloat(price);
  }
}
