package liveintent.ranking;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import liveintent.session.Event;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;
import org.opensearch.core.common.io.stream.Writeable;

/**
 * What ranking needs of an event.
 *
 * @param itemId names the event in explanations
 * @param weight signed and normalised; 0 for an event that does not count
 * @param behaviour the behaviour half of the item's vector, float16 [K]; null without one
 * @param brands of the item, in lower case
 * @param categories paths of the item, in lower case
 * @param priceBand of the item, or {@link PriceBand#UNKNOWN}
 */
record EventInput(
    String itemId,
    float weight,
    byte[] behaviour,
    List<String> brands,
    List<String> categories,
    int priceBand)
    implements Writeable {
  private static final String BRAND = "brand:";
  private static final String CATEGORY = "category:";

  /** The input of an event; {@code behaviour} as above. */
  static EventInput of(Event event, float weight, byte[] behaviour) {
    List<String> features = event.features();
    return new EventInput(
        event.itemId(),
        weight,
        behaviour,
        after(BRAND, features),
        after(CATEGORY, features),
        PriceBand.among(features));
  }

  EventInput(StreamInput in) throws IOException {
    this(
        in.readString(),
        in.readFloat(),
        in.readBoolean() ? in.readByteArray() : null,
        in.readStringList(),
        in.readStringList(),
        in.readInt());
  }

  @Override
  public void writeTo(StreamOutput out) throws IOException {
    out.writeString(itemId);
    out.writeFloat(weight);
    out.writeBoolean(behaviour != null);
    if (behaviour != null) {
      out.writeByteArray(behaviour);
    }
    out.writeStringCollection(brands);
    out.writeStringCollection(categories);
    out.writeInt(priceBand);
  }

  /** What follows the prefix in those features that have it. */
  private static List<String> after(String prefix, List<String> features) {
    List<String> values = new ArrayList<>();
    for (String feature : features) {
      if (feature.startsWith(prefix)) {
        values.add(feature.substring(prefix.length()));
      }
    }
    return values;
  }
}
