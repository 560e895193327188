package liveintent.user;

import java.util.List;
import liveintent.model.EngineModel;
import liveintent.model.Layout;
import liveintent.session.Event;
import liveintent.session.Visitor;

/**
 * The fused user vector of the method, without D_q, which a search body has no trusted text for;
 * mirrors {@code user_vector.build} without a learned model.
 *
 * @param vector R, float32 [dims]; zero when nothing is known
 * @param eventWeights float32 [E], signed; the sum of absolute values is 1; 0 for events without a
 *     vector
 * @param knowsBehaviour whether R is not zero and the visitor's past is in it
 */
public record UserVector(float[] vector, float[] eventWeights, boolean knowsBehaviour) {

  /**
   * The user vector of a visitor in the model's space, see {@link CurrentSpace}.
   *
   * @param queryMeaning of the live query, float32 [M]; null without one
   * @param now seconds since 1970
   * @throws IllegalArgumentException for an unknown scenario; it names those that there are
   */
  public static UserVector of(
      Visitor visitor, EngineModel model, float[] queryMeaning, String scenario, double now) {
    List<Event> events = visitor.events();
    double agedFrom = DecayTime.of(visitor, now, model.freshSeconds());
    float[] signed = EventWeights.signed(events, agedFrom, scenario, model);
    SearchHistory history = new SearchHistory(model, queryMeaning);
    history.addQueries(visitor.queries(), agedFrom);
    history.addTexts(events, signed, scenario);
    VectorPart taste =
        VectorPart.mix(
            Behaviour.sequence(events, signed, model.layout()),
            Behaviour.attributes(events, signed, model.layout()),
            model.fusion().beta());
    VectorPart fused = fused(history.part(), taste, model);
    return new UserVector(
        fused.vector(), EventWeights.normalised(events, signed), fused.known() && fused.past());
  }

  /** D_ub: a weighted sum (layout sum) or [D_u ; D_b] (layout concat), unit length. */
  private static VectorPart fused(VectorPart demand, VectorPart taste, EngineModel model) {
    Layout layout = model.layout();
    double share = model.fusion().demand();
    if (!layout.concat()) {
      return VectorPart.mix(demand, taste, share);
    }
    VectorPart left = demand.within(layout.dims(), 0);
    VectorPart right = taste.within(layout.dims(), layout.behaviourStart());
    return VectorPart.mix(left, right, share);
  }
}
