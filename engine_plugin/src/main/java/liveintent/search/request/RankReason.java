package liveintent.search.request;

import java.util.Locale;

/** Why the engine's order of a page was not replaced by that of a learned re-ranker. */
public enum RankReason {
  NOT_PERSONALISED("the search is not personalised"),
  LATER_PAGE("only the page that begins with the first hit is ranked"),
  BEYOND_WINDOW("the page has more hits than the window, or than the service ranks"),
  FEW_HITS("the page has less than two hits"),
  NO_IDS("the request asks for hits without _id"),
  PSEUDONYM("the visitor is named by a pseudonym, of which the service would make another"),
  LATE("the service did not answer in time"),
  UNREACHABLE("the service can't be reached, or broke the connection off"),
  REFUSED("the service refused the request: see the log of the node"),
  UNREADABLE("the service's answer can't be read: see the log of the node"),
  MISSING_ITEMS("the service's answer does not have each item of the page once"),
  DEGRADED("the service left a part of its ranking out"),
  BUSY("the node waits for as many answers of the service as it may"),
  PAUSED("the service failed several times in a row, and is not asked for some seconds");

  private final String text;

  RankReason(String text) {
    this.text = text;
  }

  /** The name in answers. */
  public String code() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** A sentence on it. */
  public String text() {
    return text;
  }
}
