"""Who is left out of an experiment's figures, by rules that do not look at the variant."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from learning.data.participants import Participant

_DAY, _MINUTE = 86_400.0, 60.0


@dataclass(frozen=True)
class Exclusions:
    """The most that a person does; more is a bot, or one whose figures would hide all others."""

    queries_a_minute: int = 60
    queries_a_day: int = 500
    clicks_a_query: int = 50
    purchases_a_day: int = 50

    def reason(self, participant: Participant) -> str:
        """Why one is left out; "" for most."""
        times = [answer.timestamp for answer in participant.answers]
        if _most_within(times, _MINUTE) > self.queries_a_minute:
            return f"bot: more than {self.queries_a_minute} queries in a minute"
        if _most_within(times, _DAY) > self.queries_a_day:
            return f"bot: more than {self.queries_a_day} queries in a day"
        if max(len(answer.clicks) for answer in participant.answers) > self.clicks_a_query:
            return f"outlier: more than {self.clicks_a_query} items clicked of one answer"
        if _most_within(list(participant.purchases), _DAY) > self.purchases_a_day:
            return f"outlier: more than {self.purchases_a_day} purchases in a day"
        if len(participant.variants) > 1:
            return "answered by both variants (a session that became another user's)"
        return ""


@dataclass
class Sorted:
    """Those who count, and how many do not, by reason."""

    counted: list[Participant] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, participants: Iterable[Participant], rules: Exclusions) -> "Sorted":
        """By the rules."""
        result = cls()
        for participant in participants:
            if reason := rules.reason(participant):
                result.left_out[reason] += 1
            else:
                result.counted.append(participant)
        return result


def _most_within(times: list[float], span: float) -> int:
    """The most of `times`, ascending, that lie within a span of seconds."""
    most, first = 0, 0
    for last, time in enumerate(times):
        while time - times[first] > span:
            first += 1
        most = max(most, last - first + 1)
    return most
