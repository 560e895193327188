package liveintent.user;

import liveintent.session.Visitor;

/** The time from which a visitor's behaviour is aged; mirrors {@code decay_time.py}. */
final class DecayTime {
  private DecayTime() {}

  /**
   * Seconds since 1970: the visitor's newest activity, plus the time since then in coarse steps: 0
   * below {@code fresh} seconds, then rounded down to fresh times 1, 2, 4, 8, ...
   */
  static double of(Visitor visitor, double now, double fresh) {
    double newest = visitor.newest(now);
    double elapsed = now - newest;
    return elapsed < fresh ? newest : newest + Math.scalb(fresh, Math.getExponent(elapsed / fresh));
  }
}
