package liveintent.search.learned;

import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.Set;
import liveintent.search.request.StrictFields;

/** Where a pipeline asks for a learned order, and how long a search waits for it. */
public record RankSettings(URI address, Duration timeout) {
  public static final Set<String> NAMES = Set.of("url", "timeout_ms");
  private static final int TIMEOUT_MILLIS = 100;
  private static final int LARGEST_TIMEOUT = 10_000;
  private static final int LONGEST_URL = 1000;
  private static final String PATH = "/v1/rank";

  /**
   * The settings of an object's fields.
   *
   * @throws IllegalArgumentException names the field, its value and what is allowed
   */
  public static RankSettings of(StrictFields fields) {
    int timeout =
        fields.has("timeout_ms") ? fields.whole("timeout_ms", 1, LARGEST_TIMEOUT) : TIMEOUT_MILLIS;
    return new RankSettings(address(fields.id("url", LONGEST_URL)), Duration.ofMillis(timeout));
  }

  private static URI address(String url) {
    String allowed =
        "[rank.url] must be http or https, a host, a port and perhaps a path, as in"
            + " http://10.0.0.5:8080, and is ";
    try {
      URI service = new URI(url);
      boolean web = "http".equals(service.getScheme()) || "https".equals(service.getScheme());
      boolean bare =
          service.getRawUserInfo() == null
              && service.getRawQuery() == null
              && service.getRawFragment() == null;
      if (!web || service.getHost() == null || !bare) {
        // A user's name in it may stand beside a password: not shown.
        throw new IllegalArgumentException(allowed + (bare ? url : "of another form"));
      }
      return new URI(url.replaceAll("/+$", "") + PATH);
    } catch (URISyntaxException error) {
      throw new IllegalArgumentException(allowed + "no address: " + error.getReason(), error);
    }
  }
}
