package liveintent.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Base64;
import org.junit.jupiter.api.Test;

class Float16Test {
  private static final float[] VECTOR = {0, 1, -0.5f, 65504, 6e-8f};

  @Test
  void readsWhatItWrites() {
    byte[] bytes = Float16.decoded(Float16.encoded(VECTOR));
    assertArrayEquals(VECTOR, Float16.floats(bytes), 1e-7f);
    assertArrayEquals(new float[] {1, -0.5f}, Float16.floats(bytes, 2, 2));
  }

  @Test
  void isLittleEndian() {
    assertArrayEquals(new byte[] {0x00, 0x3c}, Float16.bytes(new float[] {1}));
  }

  @Test
  void readsBase64WithoutPadding() {
    String text = Base64.getEncoder().withoutPadding().encodeToString(Float16.bytes(VECTOR));
    assertArrayEquals(Float16.bytes(VECTOR), Float16.decoded(text));
  }

  @Test
  void refusesHalfANumberAndOtherText() {
    assertThrows(IllegalArgumentException.class, () -> Float16.decoded("AAAA"));
    assertThrows(IllegalArgumentException.class, () -> Float16.decoded("not base64"));
  }

  @Test
  void tellsVectorsFromOtherBytes() {
    assertTrue(Float16.isVector(Float16.bytes(VECTOR), 5));
    assertFalse(Float16.isVector(Float16.bytes(VECTOR), 4));
    assertFalse(Float16.isVector(null, 0));
    assertFalse(Float16.isVector(Float16.bytes(new float[] {Float.NaN}), 1));
    assertFalse(Float16.isVector(Float16.bytes(new float[] {1e9f}), 1));
    assertEquals(Float.POSITIVE_INFINITY, Float16.at(Float16.bytes(new float[] {1e9f}), 0));
  }
}
