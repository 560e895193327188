package liveintent.session;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The fields of a stored JSON object, read with their types. Each method throws
 * IllegalArgumentException that names the field, its value and the type it should have.
 */
public record StoredFields(Map<String, Object> values, String owner) {

  /** Whether the field has a value. */
  public boolean has(String name) {
    return values.get(name) != null;
  }

  /** A text that must be there. */
  public String text(String name) {
    return typed(name, required(name), String.class, "a text");
  }

  /** A text; {@code absent} without one. */
  public String text(String name, String absent) {
    return has(name) ? text(name) : absent;
  }

  /** A number that must be there. */
  public double number(String name) {
    return typed(name, required(name), Number.class, "a number").doubleValue();
  }

  /** A whole number that must be there. */
  public long whole(String name) {
    return typed(name, required(name), Number.class, "a number").longValue();
  }

  /** True or false; false without a value. */
  public boolean flag(String name) {
    return has(name) && typed(name, values.get(name), Boolean.class, "true or false");
  }

  /** A list of texts; empty without one. */
  public List<String> texts(String name) {
    List<String> result = new ArrayList<>();
    for (Object value : list(name)) {
      result.add(typed(name, value, String.class, "a list of texts"));
    }
    return result;
  }

  /** The bytes of a float16 vector; null without one. */
  public byte[] vector(String name) {
    if (text(name, "").isEmpty()) {
      return null;
    }
    try {
      return Float16.decoded(text(name));
    } catch (IllegalArgumentException error) {
      throw new IllegalArgumentException(owner + ": " + name + ": " + error.getMessage(), error);
    }
  }

  /** An object that must be there. */
  public StoredFields object(String name) {
    return new StoredFields(object(name, required(name)), owner + "." + name);
  }

  /** A list of objects; empty without one. */
  public List<StoredFields> objects(String name) {
    List<StoredFields> result = new ArrayList<>();
    for (Object value : list(name)) {
      result.add(new StoredFields(object(name, value), owner + "." + name));
    }
    return result;
  }

  /** All fields, which must be numbers. */
  public Map<String, Double> numbers() {
    Map<String, Double> result = new LinkedHashMap<>();
    for (String name : values.keySet()) {
      result.put(name, number(name));
    }
    return result;
  }

  private List<?> list(String name) {
    Object value = values.get(name);
    return value == null ? List.of() : typed(name, value, List.class, "a list");
  }

  @SuppressWarnings("unchecked") // what is parsed from JSON has texts as keys
  private Map<String, Object> object(String name, Object value) {
    return (Map<String, Object>) typed(name, value, Map.class, "an object");
  }

  private Object required(String name) {
    if (!has(name)) {
      throw new IllegalArgumentException(owner + " has no " + name);
    }
    return values.get(name);
  }

  private <T> T typed(String name, Object value, Class<T> type, String described) {
    if (!type.isInstance(value)) {
      throw new IllegalArgumentException(
          owner + ": " + name + " is " + value + ", and must be " + described);
    }
    return type.cast(value);
  }
}
