"""Settings of the query service."""

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from plugin_config.settings import register
from query_service.privacy.settings import PrivacySettings
from query_service.setting_texts.addresses import networks
from query_service.setting_texts.exposure_floors import ExposureFloors
from query_service.setting_texts.page_origins import page_origins
from query_service.setting_texts.rate import checked_rate

SCENARIO_PAGES = ("feed", "video")  # beside the shop's
MAX_PROCESSES = 64
RATE_STORAGES = ("memory://", "redis://", "rediss://", "memcached://")
_IMAGE_ORIGIN = re.compile(r"https?://(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]{1,5})?|https:")


@register
class ServiceSettings(PrivacySettings):
    """How the service listens, how much it keeps of a visitor, and how it weighs."""

    host: str = Field("127.0.0.1", description="Address the service listens on.")
    port: int = Field(8080, ge=0, le=65535, description="Port the service listens on.")
    processes: int | Literal["auto"] = Field(
        "auto",
        description="Worker processes, 1 to 64; auto: one per GPU; without GPUs two, on one core "
        "one.",
    )
    threads: int = Field(
        16, ge=1, le=256, description="Requests that a process works on at once, at most."
    )
    max_connections: int = Field(
        1000,
        ge=16,
        le=100_000,
        description="Open connections of a process; one more closes the one that waits longest.",
    )
    header_timeout_s: float = Field(
        10, gt=0, le=3600, description="Seconds for a client to send a request's header."
    )
    body_timeout_s: float = Field(
        30, gt=0, le=3600, description="Seconds for a client to send a request's body."
    )
    idle_timeout_s: float = Field(
        75,
        gt=0,
        le=3600,
        description="Seconds that a connection stays open between requests; more than those of a "
        "load balancer, so that it never uses a closed connection.",
    )
    drain_s: float = Field(
        5,
        ge=0,
        le=600,
        description="Seconds after SIGTERM in which requests are answered as before and /readyz "
        "says that the service is stopping: as long as load balancers take to notice.",
    )
    stop_grace_s: float = Field(
        30, gt=0, le=600, description="Seconds after that for the requests under way."
    )
    hang_timeout_s: float = Field(
        30,
        ge=0,
        le=3600,
        description="Seconds after which a worker process that does nothing at all, answering or "
        "not, is killed and replaced; it would keep its connections. 0: never.",
    )
    session_max_events: int = Field(50, ge=1, le=1000, description="Events kept of a session.")
    session_max_queries: int = Field(20, ge=0, le=200, description="Queries kept of a session.")
    user_max_events: int = Field(100, ge=1, le=1000, description="Events kept of a user.")
    user_max_queries: int = Field(40, ge=0, le=200, description="Queries kept of a user.")
    session_ttl_days: float = Field(
        30, gt=0, le=3650, description="Days after which what is kept of a visitor expires."
    )
    tombstone_hours: float = Field(
        24,
        ge=0.25,
        le=24 * 366,
        description="Hours that the id of an erased session or user is kept with the time of the "
        "erasure: what happened before is not stored, however late it is sent.",
    )
    candidates_per_leg: int = Field(
        100, ge=10, le=1000, description="Items asked of each leg before re-ranking."
    )
    cached_items: int = Field(
        50_000,
        ge=0,
        le=10_000_000,
        description="Items whose vector and fields stay in a process's memory for the re-ranker, "
        "some 1.5 kB each; a changed item is read again. 0: none.",
    )
    cached_searches: int = Field(
        4000,
        ge=0,
        le=1_000_000,
        description="Responses of the engine to searches that depend on no visitor that stay in a "
        "process's memory, three or four for each query and some 11 kB each; used as long as no "
        "item has changed. 0: none.",
    )
    global_statistics: bool = Field(
        True,
        description="Whether a word weighs the same in all shards of an index that has several, as "
        "in one: a further round among them. Off: by the items of each.",
    )
    default_deadline_ms: int = Field(
        1000, ge=1, le=60000, description="Time for an answer where the request names none, ms."
    )
    event_deadline_ms: int = Field(
        5000, ge=1, le=60000, description="Time to keep events, or to show a session, ms."
    )
    erase_deadline_ms: int = Field(
        30_000, ge=1, le=600_000, description="Time to erase a session, ms."
    )
    item_deadline_ms: int = Field(
        60_000, ge=1, le=600_000, description="Time to write items over HTTP, ms."
    )
    alpha: float = Field(0.7, ge=0, le=1, description="D_u = alpha D_H + (1 - alpha) D_q.")
    beta: float = Field(0.8, ge=0, le=1, description="D_b = beta D_B + (1 - beta) D_a.")
    demand: float = Field(
        0.5, ge=0, le=1, description="Share of the demand in the user vector; behaviour the rest."
    )
    diversity: float = Field(
        0.2,
        ge=0,
        le=1,
        description="What a hit loses for likeness to those above it, where a request does not "
        "say and has one word or no query: 0 nothing, 1 everything.",
    )
    exposure: str = Field(
        "",
        description="Groups of items and the least share of exposure of each, where a request does "
        "not say: `long_tail=0.3,new=0.05,brand:Acme=0.1,attributes.seller:Acme=0.1`. Empty: none.",
    )
    exposure_max_cost: float = Field(
        0.02,
        ge=0,
        le=1,
        description="The most of a list's relevance, by its scores, that these may cost.",
    )
    cursor_lifetime_s: int = Field(
        900,
        ge=1,
        le=86_400,
        description="Seconds after its page that a cursor expires; deep pages hold the index as it "
        "was (a point in time of OpenSearch) as long.",
    )
    keep_recommendations: bool = Field(
        False,
        description="Whether ubi_queries keeps the lists of /v1/recommend as well, as rows without "
        "a query: they can be explained then, and count in what counts rows.",
    )
    explained_hits: int = Field(
        10,
        ge=0,
        le=100,
        description="Hits of an answer that ubi_queries keeps with the shares of their scores, for "
        "`live-intent explain`; of the others it keeps place and score.",
    )
    swap_poll_s: float = Field(
        2.0, gt=0, le=3600, description="Seconds between looks at where the alias points."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least level that is logged."
    )
    log_format: Literal["text", "json"] = Field("text", description="Form of the log's lines.")
    log_query_texts: bool = Field(
        False,
        description="Whether the log's line of a request, and its trace, have the query's text. It "
        "is a person's words: only while a fault is looked for.",
    )
    traces: bool = Field(
        False,
        description="Whether requests are traced with OpenTelemetry (extra `otel`) and sent by "
        "OTLP over HTTP; OTEL_* say where to and which of them (OTEL_EXPORTER_OTLP_ENDPOINT).",
    )
    max_body_bytes: int = Field(
        1_048_576, ge=1024, le=67_108_864, description="Largest request body, bytes."
    )
    require_keys: bool = Field(
        False,
        description="Whether each request needs an API key, even before the first one is made. "
        "Without: from the first key on (`live-intent keys`).",
    )
    insecure: bool = Field(
        False,
        description="Whether the service may listen beyond this machine without an API key: only "
        "where something before it checks callers.",
    )
    keys_poll_s: float = Field(
        2.0,
        gt=0,
        le=3600,
        description="Seconds between looks at the API keys: how long a revoked one still counts.",
    )
    keys_kept_s: float = Field(
        3600,
        ge=0,
        le=7 * 86_400,
        description="Seconds that known API keys count while their index can't be read.",
    )
    rate_per_address: str = Field(
        "",
        description="Requests of one address at most: `600/minute`, or several with semicolons, "
        "`20/second;600/minute`; empty: no limit.",
    )
    rate_per_key: str = Field(
        "",
        description="The same of one API key with all browser keys derived from it, where the "
        "key has no rate of its own.",
    )
    rate_per_session: str = Field("", description="The same of one session.")
    rate_storage: str = Field(
        "memory://",
        description="Where requests are counted: `memory://` in each service alone; of several "
        "services together, `redis://host:6379` (extra `redis`) or `memcached://host:11211` (extra "
        "`memcached`), which must answer at the start.",
    )
    trusted_proxies: str = Field(
        "",
        description="Addresses and networks of proxies whose X-Forwarded-For names the client: "
        "`10.0.0.0/8,127.0.0.1`; empty: the header counts for nothing.",
    )
    item_writes: bool = Field(
        False,
        description="Whether PUT, PATCH, DELETE and POST of /v1/items may change items; where API "
        "keys are asked for, by keys with the scope `items`.",
    )
    rule_writes: bool = Field(
        False,
        description="Whether PUT and DELETE of /v1/rules may change the rules; where API keys are "
        "asked for, by keys with the scope `admin`.",
    )
    cors_origins: str = Field(
        "",
        description="Origins (https://shop.example) of pages whose browsers may call, separated by "
        "commas; empty: only pages of the service's own address.",
    )
    images: Path | None = Field(
        None,
        description="Folder whose SVG, PNG, JPEG and WebP files are served below /images/, for "
        "items whose image_url is `images/NAME`; the demo draws some for its sample.",
    )
    image_origins: str = Field(
        "",
        description="Origins of pictures that the shop page may show beside the service's own: "
        "https://cdn.example.com, https://*.example.com, or https: for all, separated by commas.",
    )
    scenarios: str = Field(
        "",
        description="Scenarios with a catalogue of their own, which the same process serves: "
        "`feed`, `video` or `feed,video`. Their indexes have this service's prefix and the name "
        "(`live-intent-feed-`), their pages and API are below /feed/ and /video/.",
    )
    instantsearch_index: str = Field(
        "items", min_length=1, description="What InstantSearch front ends call the index."
    )
    instantsearch_replicas: str = Field(
        "",
        description="Names of replicas with their orders, beside items_price_asc and "
        "items/sort/price:asc: cheapest=price:asc, loved=popularity, separated by commas.",
    )
    impressions_count: bool = Field(
        False,
        description="Whether an impression counts in the user vector, as a view; it is kept in "
        "ubi_events either way.",
    )

    @field_validator("processes", mode="before")
    @classmethod
    def _processes(cls, value: object) -> object:
        text = str(value)
        if text == "auto" or (text.isdecimal() and 1 <= int(text) <= MAX_PROCESSES):
            return value if text == "auto" else int(text)
        raise ValueError(f"allowed: 1 to {MAX_PROCESSES}, or auto")

    @field_validator("rate_per_address", "rate_per_key", "rate_per_session")
    @classmethod
    def _rate(cls, value: str) -> str:
        return checked_rate(value)

    @field_validator("rate_storage")
    @classmethod
    def _known_storage(cls, value: str) -> str:
        if not value.startswith(RATE_STORAGES):
            raise ValueError(f"allowed: {', '.join(RATE_STORAGES)} and an address")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        try:
            networks(value)
        except ValueError as error:
            raise ValueError(f"{error}: write 10.0.0.0/8,127.0.0.1") from None
        return value

    @field_validator("cors_origins")
    @classmethod
    def _page_origins(cls, value: str) -> str:
        page_origins(value)
        return value

    @field_validator("exposure")
    @classmethod
    def _floors(cls, value: str) -> str:
        ExposureFloors.parse(value)
        return value

    @property
    def exposure_floors(self) -> ExposureFloors:
        """The floors of exposure of requests that name none."""
        return ExposureFloors.parse(self.exposure, self.exposure_max_cost)

    @field_validator("image_origins")
    @classmethod
    def _origins(cls, value: str) -> str:
        origins = [name.strip().rstrip("/").lower() for name in value.split(",") if name.strip()]
        for origin in origins:
            if not _IMAGE_ORIGIN.fullmatch(origin):  # it becomes a part of a header
                raise ValueError(
                    f"{origin[:100]!r} is no origin: write https://cdn.example.com, without a path"
                )
        return ",".join(origins)

    @field_validator("scenarios")
    @classmethod
    def _known_scenarios(cls, value: str) -> str:
        names = [name.strip() for name in value.split(",") if name.strip()]
        if set(names) - set(SCENARIO_PAGES) or len(set(names)) < len(names):
            raise ValueError(f"allowed: {' and '.join(SCENARIO_PAGES)}, each once, with commas")
        return ",".join(names)

    @property
    def own_catalogues(self) -> tuple[str, ...]:
        """The names in `scenarios`."""
        return tuple(filter(None, self.scenarios.split(",")))
