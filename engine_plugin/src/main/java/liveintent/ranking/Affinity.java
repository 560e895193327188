package liveintent.ranking;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import liveintent.model.AffinityWeights;

/**
 * What a candidate shares with the visitor's events by brand, category and price, each event by its
 * signed weight; mirrors {@code query_service/ranking/affinity.py}. The sums over events are made
 * once: a candidate costs three look-ups.
 */
final class Affinity {
  private final Map<String, Float> byBrand = new HashMap<>(); // in lower case
  private final Map<String, Float> byCategory = new HashMap<>(); // paths in lower case
  private final Map<Integer, Float> byBand = new HashMap<>(); // the events' own bands
  private final Map<Integer, Float> nearBand = new HashMap<>(); // of candidates
  private final Map<String, Float> ofBrand = new HashMap<>(); // as candidates have it
  private final Map<String, Float> ofCategory = new HashMap<>();

  Affinity(List<EventInput> events, AffinityWeights weights) {
    for (EventInput event : events) {
      if (event.weight() != 0) {
        event.brands().stream().distinct().forEach(add(byBrand, event.weight() * weights.brand()));
        float category = event.weight() * weights.category();
        event.categories().stream().distinct().forEach(add(byCategory, category));
        if (event.priceBand() != PriceBand.UNKNOWN) {
          byBand.merge(event.priceBand(), event.weight() * weights.price(), Float::sum);
        }
      }
    }
  }

  /** The weighted sum over events, in [-1, 1], of a candidate's brand, category path and price. */
  float of(String brand, String category, float price) {
    return sum(brand, ofBrand, byBrand) + sum(category, ofCategory, byCategory) + near(price);
  }

  private static float sum(String value, Map<String, Float> known, Map<String, Float> sums) {
    if (sums.isEmpty() || value == null || value.isEmpty()) {
      return 0;
    }
    Float sum = known.get(value);
    if (sum == null) {
      sum = sums.getOrDefault(value.toLowerCase(Locale.ROOT), 0f);
      known.put(value, sum);
    }
    return sum;
  }

  private float near(float price) {
    int band = byBand.isEmpty() ? PriceBand.UNKNOWN : PriceBand.of(price);
    return band == PriceBand.UNKNOWN ? 0 : nearBand.computeIfAbsent(band, this::near);
  }

  /** An event's weight halves with every two bands between its price and the candidate's. */
  private float near(int band) {
    double sum = 0;
    for (Map.Entry<Integer, Float> entry : byBand.entrySet()) {
      sum += entry.getValue() * Math.pow(2, -Math.abs(band - entry.getKey()) / 2.0);
    }
    return (float) sum;
  }

  private static Consumer<String> add(Map<String, Float> sums, float weight) {
    return value -> sums.merge(value, weight, Float::sum);
  }
}
