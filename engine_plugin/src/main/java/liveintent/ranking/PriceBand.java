package liveintent.ranking;

import java.util.List;

/** Bands of half octaves: a band spans a factor of sqrt 2; mirrors {@code terms.price_band}. */
final class PriceBand {
  /** The band of an unknown price. */
  static final int UNKNOWN = Integer.MIN_VALUE;

  private static final String FEATURE = "price:"; // then currency, ":" and the band
  private static final double LOG_2 = Math.log(2);
  private static final double LEAST_PRICE = 0.01;

  private PriceBand() {}

  /** The band of a price; UNKNOWN unless it is a finite number above 0. */
  static int of(float price) {
    if (!(price > 0) || Float.isInfinite(price)) {
      return UNKNOWN;
    }
    return (int) Math.rint(2 * Math.log(Math.max(price, LEAST_PRICE)) / LOG_2);
  }

  /** The band that the first price among an item's features has; UNKNOWN without one. */
  static int among(List<String> features) {
    for (String feature : features) {
      if (feature.startsWith(FEATURE)) {
        try {
          return Integer.parseInt(feature.substring(feature.lastIndexOf(':') + 1));
        } catch (NumberFormatException error) {
          return UNKNOWN;
        }
      }
    }
    return UNKNOWN;
  }
}
