package liveintent.session;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Base64;

/** Vectors of little-endian float16, as items, events and queries store them. */
public final class Float16 {
  /** Bytes of one number. */
  public static final int BYTES = Short.BYTES;

  private static final VarHandle SHORTS =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

  private Float16() {}

  /** The number at byte {@code offset}. */
  public static float at(byte[] bytes, int offset) {
    return Float.float16ToFloat((short) SHORTS.get(bytes, offset));
  }

  /** The vector of {@code dims} numbers that begins at byte {@code offset}, float32 [dims]. */
  public static float[] floats(byte[] bytes, int offset, int dims) {
    float[] vector = new float[dims];
    for (int index = 0; index < dims; index++) {
      vector[index] = at(bytes, offset + index * BYTES);
    }
    return vector;
  }

  /** The vector that all of {@code bytes} hold, float32. */
  public static float[] floats(byte[] bytes) {
    return floats(bytes, 0, bytes.length / BYTES);
  }

  /** The stored form of a float32 vector. */
  public static byte[] bytes(float[] vector) {
    byte[] bytes = new byte[vector.length * BYTES];
    for (int index = 0; index < vector.length; index++) {
      SHORTS.set(bytes, index * BYTES, Float.floatToFloat16(vector[index]));
    }
    return bytes;
  }

  /**
   * The bytes of base64 text, with or without padding.
   *
   * @throws IllegalArgumentException for text that is no base64, or half a number too long
   */
  public static byte[] decoded(String base64) {
    byte[] bytes = Base64.getDecoder().decode(base64);
    if (bytes.length % BYTES != 0) {
      throw new IllegalArgumentException(
          "base64 of float16 numbers has an even number of bytes, not " + bytes.length);
    }
    return bytes;
  }

  /** The base64 text of a float32 vector. */
  public static String encoded(float[] vector) {
    return Base64.getEncoder().encodeToString(bytes(vector));
  }

  /** Whether {@code bytes} hold a vector of {@code dims} finite numbers; false for null. */
  public static boolean isVector(byte[] bytes, int dims) {
    return bytes != null && bytes.length == dims * BYTES && isFinite(bytes);
  }

  private static boolean isFinite(byte[] bytes) {
    for (int offset = 0; offset < bytes.length; offset += BYTES) {
      if (!Float.isFinite(at(bytes, offset))) {
        return false;
      }
    }
    return true;
  }
}
