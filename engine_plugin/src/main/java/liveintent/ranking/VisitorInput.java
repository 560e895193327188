package liveintent.ranking;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import liveintent.model.AffinityWeights;
import liveintent.model.EngineModel;
import liveintent.model.Layout;
import liveintent.model.RankingWeights;
import liveintent.session.Event;
import liveintent.session.Float16;
import liveintent.session.Visitor;
import liveintent.user.UserVector;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;
import org.opensearch.core.common.io.stream.Writeable;

/**
 * What a shard needs to score candidates for one visitor; the visitor's side of {@code
 * rerank_input.RerankInput}. It travels from the coordinating node to the shards.
 *
 * @param maxPopularity largest popularity of the catalogue
 * @param userVector R, float32 [dims]; null where the visitor's past is unknown
 * @param queryMeaning of the live query, float32 [M], unit length; null without one
 * @param events all events of the visitor, oldest first; empty where the past is unknown
 */
public record VisitorInput(
    Layout layout,
    RankingWeights weights,
    AffinityWeights affinity,
    double maxPopularity,
    float[] userVector,
    float[] queryMeaning,
    List<EventInput> events)
    implements Writeable {

  /** The input of a visitor, in the space of the model's index, and of their user vector. */
  public static VisitorInput of(
      Visitor visitor,
      UserVector userVector,
      float[] queryMeaning,
      EngineModel model,
      RankingWeights weights) {
    boolean known = userVector.knowsBehaviour();
    List<EventInput> events = new ArrayList<>();
    for (int index = 0; known && index < visitor.events().size(); index++) {
      Event event = visitor.events().get(index);
      byte[] behaviour = behaviour(event.vector(), model.layout());
      events.add(EventInput.of(event, userVector.eventWeights()[index], behaviour));
    }
    return new VisitorInput(
        model.layout(),
        weights,
        model.affinity(),
        model.maxPopularity(),
        known ? userVector.vector() : null,
        queryMeaning,
        events);
  }

  public VisitorInput(StreamInput in) throws IOException {
    this(
        new Layout(in),
        new RankingWeights(in),
        new AffinityWeights(in),
        in.readDouble(),
        in.readBoolean() ? in.readFloatArray() : null,
        in.readBoolean() ? in.readFloatArray() : null,
        in.readList(EventInput::new));
  }

  @Override
  public void writeTo(StreamOutput out) throws IOException {
    layout.writeTo(out);
    weights.writeTo(out);
    affinity.writeTo(out);
    out.writeDouble(maxPopularity);
    write(userVector, out);
    write(queryMeaning, out);
    out.writeList(events);
  }

  private static void write(float[] vector, StreamOutput out) throws IOException {
    out.writeBoolean(vector != null);
    if (vector != null) {
      out.writeFloatArray(vector);
    }
  }

  private static byte[] behaviour(byte[] vector, Layout layout) {
    if (vector == null) {
      return null;
    }
    return Arrays.copyOfRange(vector, layout.behaviourStart() * Float16.BYTES, vector.length);
  }
}
