package liveintent;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensearch.Version;
import org.opensearch.common.settings.Settings;

class LiveIntentPluginTest {
  @Test
  void loadsBesideTheOldestOpenSearchOfItsRange() {
    assertTrue(Version.CURRENT.onOrAfter(Version.fromString("3.5.0")));
    new LiveIntentPlugin(Settings.EMPTY).close();
  }
}
