package liveintent.user;

import java.util.List;
import liveintent.model.Layout;
import liveintent.session.Event;
import liveintent.session.Float16;

/** D_B and D_a, the taste parts of the user vector; mirrors {@code user_vector.py}. */
final class Behaviour {
  private Behaviour() {}

  /**
   * D_B: an action- and recency-weighted mean of the items acted on, unit length, in R^K.
   *
   * @param signed float32 [E]: the events' weights
   */
  static VectorPart sequence(List<Event> events, float[] signed, Layout layout) {
    WeightedSum sum = new WeightedSum(layout.behaviourDims());
    for (int index = 0; index < signed.length; index++) {
      byte[] vector = events.get(index).vector();
      if (vector != null) {
        sum.add(layout.behaviour(Float16.floats(vector)), signed[index]);
      }
    }
    return new VectorPart(sum.vector(), true).unit();
  }

  /** D_a: TF-IDF weighted counts of actions by attribute, through W_ua, unit length, in R^K. */
  static VectorPart attributes(List<Event> events, float[] signed, Layout layout) {
    WeightedSum sum = new WeightedSum(layout.behaviourDims());
    for (int index = 0; index < signed.length; index++) {
      Event event = events.get(index);
      if (event.vector() != null && event.attributeVector() != null) {
        sum.add(Float16.floats(event.attributeVector()), signed[index]);
      }
    }
    return new VectorPart(sum.vector(), true).unit();
  }
}
