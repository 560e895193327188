package liveintent.model;

import java.io.IOException;
import java.util.Arrays;
import liveintent.session.Float16;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;
import org.opensearch.core.common.io.stream.Writeable;

/**
 * How an item vector is made of a meaning half in R^M and a behaviour half in R^K. In the layout
 * sum both are the whole vector; in the layout concat they lie side by side, each half as stored is
 * not of unit length. Mirrors {@code ModelBundle.halves}.
 *
 * @param concat whether the layout is concat, not sum
 * @param dims numbers of an item vector: M = K = dims for sum, M + K = dims for concat
 */
public record Layout(boolean concat, int dims, int meaningDims, int behaviourDims)
    implements Writeable {

  public Layout {
    int expected = concat ? meaningDims + behaviourDims : dims;
    if (dims <= 0
        || dims != expected
        || !concat && (meaningDims != dims || behaviourDims != dims)) {
      throw new IllegalArgumentException(
          String.format(
              "%d dims do not go with M %d and K %d in the layout %s",
              dims, meaningDims, behaviourDims, concat ? "concat" : "sum"));
    }
  }

  public Layout(StreamInput in) throws IOException {
    this(in.readBoolean(), in.readVInt(), in.readVInt(), in.readVInt());
  }

  @Override
  public void writeTo(StreamOutput out) throws IOException {
    out.writeBoolean(concat);
    out.writeVInt(dims);
    out.writeVInt(meaningDims);
    out.writeVInt(behaviourDims);
  }

  /** The layout sum. */
  public static Layout sum(int dims) {
    return new Layout(false, dims, dims, dims);
  }

  /** The layout concat. */
  public static Layout concat(int meaningDims, int behaviourDims) {
    return new Layout(true, meaningDims + behaviourDims, meaningDims, behaviourDims);
  }

  /** Index of the first number of the behaviour half. */
  public int behaviourStart() {
    return concat ? meaningDims : 0;
  }

  /** The meaning half of an item vector, float32 [M]; at unit length in the layout concat. */
  public float[] meaning(float[] vector) {
    return concat ? Vectors.unit(Arrays.copyOf(vector, meaningDims)) : vector;
  }

  /** The behaviour half of an item vector, float32 [K]; at unit length in the layout concat. */
  public float[] behaviour(float[] vector) {
    return concat ? Vectors.unit(Arrays.copyOfRange(vector, meaningDims, dims)) : vector;
  }

  /** A behaviour half as stored, float16 [K], as {@link #behaviour} has it; zero for null. */
  public float[] behaviourHalf(byte[] half) {
    if (half == null) {
      return new float[behaviourDims];
    }
    float[] floats = Float16.floats(half);
    return concat ? Vectors.unit(floats) : floats;
  }
}
