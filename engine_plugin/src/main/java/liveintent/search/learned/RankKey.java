package liveintent.search.learned;

import java.util.regex.Pattern;
import org.opensearch.common.settings.SecureSetting;
import org.opensearch.common.settings.Setting;
import org.opensearch.common.settings.Settings;
import org.opensearch.core.common.settings.SecureString;

/** The key of the query service, from the node's keystore. */
public final class RankKey {
  public static final Setting<SecureString> SETTING =
      SecureSetting.secureString("live_intent.rank.key", null);
  private static final Pattern SENDABLE = Pattern.compile("[!-~]{1,512}");

  private RankKey() {}

  /** The key; "" without one. The keystore is open only while a node starts. */
  public static String of(Settings settings) {
    try (SecureString value = SETTING.get(settings)) {
      String key = value.toString();
      if (!key.isEmpty() && !SENDABLE.matcher(key).matches()) {
        throw new IllegalArgumentException(
            "["
                + SETTING.getKey()
                + "] in the keystore must be 1 to 512 visible ASCII characters:"
                + " add it again with opensearch-keystore");
      }
      return key;
    }
  }
}
