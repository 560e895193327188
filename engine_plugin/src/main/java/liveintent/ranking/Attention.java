package liveintent.ranking;

import java.util.List;
import liveintent.model.Layout;
import liveintent.session.Float16;

/**
 * Target attention: a candidate attends to the events that are like it; mirrors {@code
 * reranker._attention}. Not safe for use from several threads.
 */
final class Attention {
  private static final double LEAST_WEIGHT = 1e-9; // an event that does not count has a share too

  private final int events;
  private final float temperature;
  private final float[][] behaviour; // [E, K]
  private final float[] logWeights; // [E]
  private final float[] signs; // [E]
  private final float[] similarity; // [E], of the candidate at hand

  Attention(List<EventInput> inputs, Layout layout, float temperature) {
    this.events = inputs.size();
    this.temperature = temperature;
    this.behaviour = new float[events][];
    this.logWeights = new float[events];
    this.signs = new float[events];
    this.similarity = new float[events];
    for (int event = 0; event < events; event++) {
      EventInput input = inputs.get(event);
      behaviour[event] = layout.behaviourHalf(input.behaviour());
      logWeights[event] = (float) Math.log(Math.max(Math.abs(input.weight()), LEAST_WEIGHT));
      signs[event] = Math.signum(input.weight());
    }
  }

  /** The attention, summed over events, of a candidate's behaviour half float32 [K], unit length. */
  float of(float[] candidate) {
    float largest = Float.NEGATIVE_INFINITY;
    for (int event = 0; event < events; event++) {
      float sum = 0;
      for (int index = 0; index < candidate.length; index++) {
        sum += candidate[index] * behaviour[event][index];
      }
      similarity[event] = sum;
      largest = Math.max(largest, sum / temperature + logWeights[event]);
    }
    float total = 0;
    float signed = 0;
    for (int event = 0; event < events; event++) {
      float logit = similarity[event] / temperature + logWeights[event];
      float share = (float) Math.exp(logit - largest);
      total += share;
      signed += share * signs[event] * similarity[event];
    }
    return events == 0 ? 0 : signed / total;
  }
}
