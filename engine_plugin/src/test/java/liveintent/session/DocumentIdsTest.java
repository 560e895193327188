package liveintent.session;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class DocumentIdsTest {
  @Test
  void namesUserAndSession() {
    assertEquals(List.of("session:s1"), DocumentIds.of("s1", ""));
    assertEquals(List.of("user:u1", "session:s1"), DocumentIds.of("s1", "u1"));
  }

  @Test
  void addsWhatTheSessionOfAUserWasNamedOnce() {
    assertEquals(List.of("session:user:u1", "session:u1"), DocumentIds.of("user:u1", ""));
    assertEquals("session:u1", DocumentIds.choiceOf("user:u1"));
    assertEquals("", DocumentIds.choiceOf("user:"));
    assertEquals("", DocumentIds.choiceOf("u1"));
  }

  @Test
  void digestsLongNames() {
    assertEquals("session:" + "x".repeat(480), DocumentIds.of("x".repeat(480), "").get(0));
    // As `documents.document_id` has it.
    assertEquals(
        "session:dfea7751deb6fe663e617a3f3406e15a", DocumentIds.of("x".repeat(481), "").get(0));
    assertEquals(
        "session:85bd9eb50d6aa7be30a11073b2fe7cdf", DocumentIds.of("é".repeat(241), "").get(0));
  }
}
