package liveintent.user;

import java.util.List;
import liveintent.model.EngineModel;
import liveintent.model.FusionWeights;
import liveintent.model.Vectors;
import liveintent.session.Event;
import liveintent.session.Float16;
import liveintent.session.PastQuery;

/**
 * D_H, the demand part of the user vector: a recency-weighted mean of the live query, the earlier
 * ones and the texts that are demand, in R^M; mirrors {@code query_service/user/demand.py}.
 */
final class SearchHistory {
  private final EngineModel model;
  private final float[] queryMeaning;
  private final WeightedSum sum;
  private boolean past;

  /**
   * The history of the live query alone.
   *
   * @param queryMeaning float32 [M], unit length; null without a live query
   */
  SearchHistory(EngineModel model, float[] queryMeaning) {
    this.model = model;
    this.queryMeaning = queryMeaning;
    this.sum = new WeightedSum(model.layout().meaningDims());
    if (queryMeaning != null) {
      sum.add(queryMeaning, 1);
    }
  }

  /** The mean at unit length. */
  VectorPart part() {
    return new VectorPart(sum.vector(), past).unit();
  }

  /**
   * Adds earlier queries, oldest first. A query's weight is multiplied by its cosine with the live
   * query: a change of mind is no history.
   */
  void addQueries(List<PastQuery> queries, double now) {
    FusionWeights fusion = model.fusion();
    for (int index = 0; index < queries.size(); index++) {
      PastQuery query = queries.get(index);
      float[] meaning = meaning(query);
      if (meaning == null) {
        continue;
      }
      double age = Math.max(now - query.timestamp(), 0);
      double weight = Math.pow(fusion.queryDecay(), queries.size() - index);
      weight *= Math.pow(0.5, age / fusion.queryHalfLifeSeconds());
      weight *= query.ownSession() ? 1 : fusion.earlierSession();
      if (queryMeaning != null) {
        weight *= Math.max(Vectors.dot(queryMeaning, meaning), 0);
      }
      add(meaning, weight);
    }
  }

  /**
   * Adds comments, and where texts are demand those of the items, by the items' meaning.
   *
   * @param signed float32 [E]: the events' weights; an event with a negative one has no demand
   */
  void addTexts(List<Event> events, float[] signed, String scenario) {
    double largest = VectorPart.TINY;
    for (float weight : signed) {
      largest = Math.max(largest, Math.abs(weight));
    }
    boolean itemsAreDemand = model.actions().textsAreDemand().contains(scenario);
    for (int index = 0; index < signed.length; index++) {
      Event event = events.get(index);
      double weight = model.actions().commentShare() * Math.max(signed[index], 0) / largest;
      if (weight <= 0) {
        continue;
      }
      if (event.textVector() != null) {
        add(model.meaning(event.textVector()), weight);
      }
      if (itemsAreDemand && event.vector() != null) {
        float[] half = model.layout().meaning(Float16.floats(event.vector()));
        add(Vectors.unit(half), weight);
      }
    }
  }

  /** The query in R^M, float32 [M]: as stored, else of its embedding; null without either. */
  private float[] meaning(PastQuery query) {
    if (model.layout().concat() && query.meaning() != null) {
      return Vectors.unit(Float16.floats(query.meaning()));
    }
    return query.vector() == null ? null : model.meaning(query.vector());
  }

  private void add(float[] meaning, double weight) {
    sum.add(meaning, weight);
    past = true;
  }
}
