package liveintent.session;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** The ids of the documents that hold a visitor; mirrors {@code documents.document_id}. */
public final class DocumentIds {
  private static final String USER_SESSIONS = "user:";
  private static final int LONGEST_NAME = 480; // bytes; OpenSearch refuses ids of more than 512
  private static final int DIGEST_LENGTH = 32; // hex digits

  private DocumentIds() {}

  /**
   * The ids to read, in the order in which {@link SessionDocuments} takes the documents.
   *
   * @param userId "" for a visitor who is not known
   */
  public static List<String> of(String sessionId, String userId) {
    List<String> ids = new ArrayList<>();
    if (!userId.isEmpty()) {
      ids.add(id("user", userId));
    }
    ids.add(id("session", sessionId));
    if (!choiceOf(sessionId).isEmpty()) {
      ids.add(choiceOf(sessionId));
    }
    return ids;
  }

  /**
   * The id of the document of which the consent alone counts; "" where there is none. A session
   * that is named by its user alone was named otherwise once; see {@code user_session.py}.
   */
  public static String choiceOf(String sessionId) {
    boolean named = sessionId.startsWith(USER_SESSIONS);
    String earlier = named ? sessionId.substring(USER_SESSIONS.length()) : "";
    return earlier.isEmpty() ? "" : id("session", earlier);
  }

  private static String id(String kind, String name) {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    return kind + ":" + (bytes.length <= LONGEST_NAME ? name : digest(bytes));
  }

  private static String digest(byte[] bytes) {
    try {
      byte[] sha256 = MessageDigest.getInstance("SHA-256").digest(bytes);
      return HexFormat.of().formatHex(sha256).substring(0, DIGEST_LENGTH);
    } catch (NoSuchAlgorithmException error) {
      throw new IllegalStateException("every Java has SHA-256", error);
    }
  }
}
