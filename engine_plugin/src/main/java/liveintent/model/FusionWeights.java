package liveintent.model;

import liveintent.session.StoredFields;

/**
 * The fixed weights of the user vector; mirrors {@code user_vector.FusionWeights} and the constants
 * of {@code demand.py} and {@code actions.py}.
 *
 * @param alpha D_u = alpha D_H + (1 - alpha) D_q
 * @param beta D_b = beta D_B + (1 - beta) D_a
 * @param demand D_ub = demand D_u + (1 - demand) D_b
 * @param eventDecay decay per step of an event's weight
 * @param queryDecay decay per step of a query's weight
 * @param earlierSession factor for events and queries of an earlier session
 */
public record FusionWeights(
    double alpha,
    double beta,
    double demand,
    double eventDecay,
    double eventHalfLifeSeconds,
    double queryDecay,
    double queryHalfLifeSeconds,
    double earlierSession) {

  static FusionWeights of(StoredFields fusion) {
    return new FusionWeights(
        fusion.number("alpha"),
        fusion.number("beta"),
        fusion.number("demand"),
        fusion.number("event_decay"),
        fusion.number("event_half_life_s"),
        fusion.number("query_decay"),
        fusion.number("query_half_life_s"),
        fusion.number("earlier_session"));
  }
}
