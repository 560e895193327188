package liveintent.search.request;

import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import liveintent.session.Float16;
import org.opensearch.core.xcontent.XContentParser;

/**
 * The fields of an object in a request, read without any conversion. Each method throws
 * IllegalArgumentException that names the field, its value and what is allowed.
 */
public final class StrictFields {
  private static final int LONGEST_SHOWN = 100;
  private final String owner;
  private final Map<String, Object> values;

  private StrictFields(String owner, Map<String, Object> values) {
    this.owner = owner;
    this.values = values;
  }

  /**
   * The object at which the parser is.
   *
   * @param owner what errors call the object
   * @param allowed the names that it may have
   */
  public static StrictFields parse(XContentParser parser, String owner, Set<String> allowed)
      throws IOException {
    if (parser.currentToken() != XContentParser.Token.START_OBJECT) {
      Object value =
          switch (parser.currentToken()) {
            case VALUE_NULL -> null;
            case START_ARRAY -> parser.list();
            default -> parser.objectText();
          };
      throw new IllegalArgumentException(
          "[" + owner + "] is " + shown(value) + ", and must be an object with " + listed(allowed));
    }
    return of(owner, parser.map(), allowed);
  }

  /** The fields of a map. */
  public static StrictFields of(String owner, Map<String, Object> values, Set<String> allowed) {
    for (Map.Entry<String, Object> entry : values.entrySet()) {
      if (!allowed.contains(entry.getKey())) {
        throw new IllegalArgumentException(
            String.format(
                "[%s] has an unknown field [%s] with the value %s: allowed are %s",
                owner, entry.getKey(), shown(entry.getValue()), listed(allowed)));
      }
    }
    return new StrictFields(owner, new TreeMap<>(values)); // a value may be null
  }

  /** Whether the field is there, null included. */
  public boolean has(String name) {
    return values.containsKey(name);
  }

  /** A text of 1 to {@code longest} characters that must be there. */
  public String id(String name, int longest) {
    String allowed = "a text of 1 to " + longest + " characters";
    if (!has(name)) {
      throw new IllegalArgumentException("[" + owner + "] has no [" + name + "]: give " + allowed);
    }
    Object value = values.get(name);
    if (value instanceof String text
        && !text.isBlank()
        && text.codePointCount(0, text.length()) <= longest) { // as Python counts
      return text;
    }
    throw wrong(name, value, allowed);
  }

  /** A whole number in [least, most]. */
  public int whole(String name, int least, int most) {
    Object value = values.get(name);
    boolean whole = value instanceof Integer || value instanceof Long;
    if (whole && ((Number) value).longValue() >= least && ((Number) value).longValue() <= most) {
      return ((Number) value).intValue();
    }
    throw wrong(name, value, "a whole number from " + least + " to " + most);
  }

  /** True or false. */
  public boolean flag(String name) {
    if (values.get(name) instanceof Boolean flag) {
      return flag;
    }
    throw wrong(name, values.get(name), "true or false");
  }

  /** A number in [least, most]. */
  public double number(String name, double least, double most) {
    if (values.get(name) instanceof Number number
        && number.doubleValue() >= least // not NaN
        && number.doubleValue() <= most) {
      return number.doubleValue();
    }
    throw wrong(name, values.get(name), "a number from " + least + " to " + most);
  }

  /** The names of the fields that are there. */
  public Set<String> names() {
    return values.keySet();
  }

  /** Base64 text of finite float16 numbers. */
  public String vector(String name) {
    String allowed = "base64 of little-endian float16 numbers that are finite";
    Object value = values.get(name);
    if (!(value instanceof String text) || text.isEmpty()) {
      throw wrong(name, value, allowed);
    }
    try {
      byte[] bytes = Float16.decoded(text);
      if (bytes.length > 0 && Float16.isVector(bytes, bytes.length / Float16.BYTES)) {
        return text;
      }
    } catch (IllegalArgumentException error) {
      throw wrong(name, value, allowed + " (" + error.getMessage() + ")");
    }
    throw wrong(name, value, allowed);
  }

  /** An object's fields; none where it is absent. */
  public StrictFields object(String name, Set<String> allowed) {
    Map<String, Object> fields = new TreeMap<>();
    if (!has(name)) {
      return new StrictFields(owner + "." + name, fields);
    }
    if (!(values.get(name) instanceof Map<?, ?> object)) {
      throw wrong(name, values.get(name), "an object with " + listed(allowed));
    }
    for (Map.Entry<?, ?> entry : object.entrySet()) {
      fields.put(String.valueOf(entry.getKey()), entry.getValue());
    }
    return of(owner + "." + name, fields, allowed);
  }

  private IllegalArgumentException wrong(String name, Object value, String allowed) {
    return new IllegalArgumentException(
        String.format("[%s.%s] is %s, and must be %s", owner, name, shown(value), allowed));
  }

  private static String listed(Set<String> names) {
    return String.join(", ", new TreeSet<>(names));
  }

  private static String shown(Object value) {
    String text = value instanceof String ? "\"" + value + "\"" : String.valueOf(value);
    if (text.length() <= LONGEST_SHOWN) {
      return text;
    }
    boolean pair = Character.isHighSurrogate(text.charAt(LONGEST_SHOWN - 1));
    return text.substring(0, pair ? LONGEST_SHOWN - 1 : LONGEST_SHOWN) + "...";
  }
}
