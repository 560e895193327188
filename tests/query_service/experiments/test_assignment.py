"""Which variant a visitor gets: stable, by share, by user where it is known."""

from datetime import UTC, datetime

from query_service.experiments.assignment import draw, unit_seed, variant_of
from query_service.schemas.administration.experiments import Experiment, VariantSettings


def experiment(**fields: object) -> Experiment:
    values: dict[str, object] = {
        "id": "more-varied", "b": VariantSettings(diversity=0.5), "salt": "salt",
        "started_at": datetime(2026, 11, 1, tzinfo=UTC),
    }  # fmt: skip
    return Experiment.model_validate(values | fields)


def variants(running: Experiment, count: int = 4000) -> list[str]:
    return [variant_of(running, unit_seed(running, f"session-{n}", None)) for n in range(count)]


def test_the_same_visitor_gets_the_same_variant_and_another_salt_mixes_anew() -> None:
    assert variants(experiment()) == variants(experiment())
    agreeing = sum(
        one == other
        for one, other in zip(variants(experiment()), variants(experiment(salt="x")), strict=True)
    )
    assert 1800 < agreeing < 2200


def test_the_share_is_that_of_b() -> None:
    assert 350 < variants(experiment(share=0.1)).count("b") < 450
    assert 1900 < variants(experiment()).count("b") < 2100


def test_a_user_counts_more_than_the_session() -> None:
    running = experiment()
    one, other = unit_seed(running, "phone", "ann"), unit_seed(running, "laptop", "ann")
    assert one == other
    assert unit_seed(running, "phone", None) != unit_seed(running, "laptop", None)
    assert unit_seed(running, "ann", None) != unit_seed(running, "s", "ann")


def test_who_takes_part_says_nothing_of_the_variant() -> None:
    running = experiment(traffic=0.5)
    seeds = [unit_seed(running, f"session-{n}", None) for n in range(4000)]
    part = [seed for seed in seeds if draw(seed, "traffic") < running.traffic]
    assert 1850 < len(part) < 2150
    share = sum(variant_of(running, seed) == "b" for seed in part) / len(part)
    assert 0.46 < share < 0.54


def test_what_can_not_be_compared_is_refused_with_the_reason() -> None:
    assert "same" in experiment(b=VariantSettings()).problem()
    rules = experiment(b=VariantSettings(rules=0), method="interleaving")
    assert "rules can't be interleaved" in rules.problem()
    assert experiment(b=VariantSettings(rules=0)).problem() == ""
