package liveintent.ranking;

import java.util.List;
import liveintent.model.Layout;

/**
 * Target attention: a candidate attends to the events that are like it; mirrors {@code
 * reranker._attention}. Not safe for use from several threads.
 */
final class Attention {
  private static final double LEAST_WEIGHT = 1e-9; // an event that does not count has a share too

  private final int events;
  private final float temperature;
  private final float[][] behaviour; // [K, E]: an event a column
  private final float[] logWeights; // [E]
  private final float[] signs; // [E]
  private final float[] similarity; // [E], of the candidate at hand
  private final float[] logits; // [E]

  Attention(List<EventInput> inputs, Layout layout, float temperature) {
    this.events = inputs.size();
    this.temperature = temperature;
    this.behaviour = new float[layout.behaviourDims()][events];
    this.logWeights = new float[events];
    this.signs = new float[events];
    this.similarity = new float[events];
    this.logits = new float[events];
    for (int event = 0; event < events; event++) {
      EventInput input = inputs.get(event);
      float[] half = layout.behaviourHalf(input.behaviour());
      for (int index = 0; index < half.length; index++) {
        behaviour[index][event] = half[index];
      }
      logWeights[event] = (float) Math.log(Math.max(Math.abs(input.weight()), LEAST_WEIGHT));
      signs[event] = Math.signum(input.weight());
    }
  }

  /** The attention of a candidate, summed over events. */
  float of(ItemVector candidate) {
    if (events == 0) {
      return 0;
    }
    Products.withColumns(candidate.numbers, candidate.behaviourStart, behaviour, similarity);
    float scale = candidate.toUnitBehaviour();
    float perTemperature = 1 / temperature;
    for (int event = 0; event < events; event++) {
      similarity[event] *= scale;
      logits[event] = similarity[event] * perTemperature + logWeights[event];
    }
    float largest = Float.NEGATIVE_INFINITY;
    for (int event = 0; event < events; event++) {
      largest = Math.max(largest, logits[event]);
    }
    float total = 0;
    float signed = 0;
    for (int event = 0; event < events; event++) {
      float share = (float) Math.exp(logits[event] - largest);
      total += share;
      signed += share * signs[event] * similarity[event];
    }
    return signed / total;
  }
}
