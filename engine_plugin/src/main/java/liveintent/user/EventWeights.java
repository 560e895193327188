package liveintent.user;

import java.util.List;
import liveintent.model.EngineModel;
import liveintent.model.FusionWeights;
import liveintent.session.Event;

/** What each event of a visitor counts; mirrors {@code user_vector.event_weights}. */
final class EventWeights {
  private EventWeights() {}

  /** Signed weights by action and recency, float32 [E], not normalised. Events oldest first. */
  static float[] signed(List<Event> events, double now, String scenario, EngineModel model) {
    FusionWeights fusion = model.fusion();
    float[] weights = new float[events.size()];
    for (int index = 0; index < weights.length; index++) {
      Event event = events.get(index);
      int stepsBack = weights.length - 1 - index;
      double age = Math.max(now - event.timestamp(), 0);
      double weight = model.actions().weight(scenario, event);
      weight *= Math.pow(fusion.eventDecay(), stepsBack);
      weight *= Math.pow(0.5, age / fusion.eventHalfLifeSeconds());
      weights[index] = (float) (event.ownSession() ? weight : weight * fusion.earlierSession());
    }
    return weights;
  }

  /** The weights of events with a vector, sum of absolute values 1; 0 for the others. */
  static float[] normalised(List<Event> events, float[] signed) {
    double total = 0;
    for (int index = 0; index < signed.length; index++) {
      total += events.get(index).vector() == null ? 0 : Math.abs(signed[index]);
    }
    float[] weights = new float[signed.length];
    for (int index = 0; index < signed.length; index++) {
      boolean counts = events.get(index).vector() != null && total > VectorPart.TINY;
      weights[index] = counts ? (float) (signed[index] / total) : 0;
    }
    return weights;
  }
}
