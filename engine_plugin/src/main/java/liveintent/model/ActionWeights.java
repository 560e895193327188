package liveintent.model;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import liveintent.session.Event;
import liveintent.session.StoredFields;

/**
 * The signed weight of each action in the visitor's taste, per scenario; mirrors {@code
 * query_service/user/actions.py}.
 *
 * @param weights by scenario, by action
 * @param skippedBelow a watch that ends before this fraction counts as a skip
 * @param textsAreDemand scenarios in which the texts of the items acted on are demand
 * @param commentShare weight of a text beside a query, at the event with the largest weight
 */
public record ActionWeights(
    Map<String, Map<String, Double>> weights,
    double skippedBelow,
    double skipWeight,
    Set<String> textsAreDemand,
    double commentShare) {
  private static final String WATCH = "watch";

  static ActionWeights of(StoredFields model) {
    StoredFields actions = model.object("actions");
    Map<String, Map<String, Double>> weights = new TreeMap<>();
    for (String scenario : actions.values().keySet()) {
      weights.put(scenario, actions.object(scenario).numbers());
    }
    return new ActionWeights(
        weights,
        model.number("skipped_below"),
        model.number("skip_weight"),
        new HashSet<>(model.texts("texts_are_demand")),
        model.number("comment_share"));
  }

  /** The names of the scenarios, sorted. */
  public Set<String> scenarios() {
    return new TreeSet<>(weights.keySet());
  }

  /** The signed weight of an event's action; a watch is weighted by the fraction watched. */
  public double weight(String scenario, Event event) {
    double weight = of(scenario).getOrDefault(event.action(), 0.0);
    Double watched = event.watchedFraction();
    if (watched == null || !event.action().equals(WATCH)) {
      return weight;
    }
    return watched < skippedBelow ? skipWeight : weight * watched;
  }

  private Map<String, Double> of(String scenario) {
    Map<String, Double> ofScenario = weights.get(scenario);
    if (ofScenario == null) {
      throw new IllegalArgumentException(
          "scenario [" + scenario + "] is none of " + String.join(", ", scenarios()));
    }
    return ofScenario;
  }
}
