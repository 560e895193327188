"""The connection to OpenSearch, made from settings: TLS, authentication, timeouts, retries."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import orjson
from opensearchpy import (
    JSONSerializer,
    OpenSearch,
    Transport,
    Urllib3AWSV4SignerAuth,
)
from opensearchpy.exceptions import (
    AuthenticationException,
    AuthorizationException,
    ConflictError,
    OpenSearchException,
    SerializationError,
    SSLError,
    TransportError,
)
from opensearchpy.exceptions import ConnectionError as NoConnection

from plugin_config.connection import partial_answers
from plugin_config.connection.deadline_connection import DeadlineConnection
from plugin_config.connection.engine_deadline import engine_time_left
from plugin_config.connection.request_trace import REQUEST_TRACE
from plugin_config.errors import ClusterUnavailable, LiveIntentError, RequestRefused, SettingsError
from plugin_config.settings import ClusterSettings
from plugin_config.versions import NO_POINT_IN_TIME, check_version

RETRIED_STATUSES = (429, 502, 503, 504)
REFUSED_STATUSES = (400, 405, 406, 411, 413, 414, 415, 422)
CLOSED_INDEX = "index_closed_exception"  # with status 400
REFUSED_KINDS = (
    "too_many_nested_clauses",
    "too_many_clauses",
    "too many nested clauses",
    NO_POINT_IN_TIME,
)
_ONE_TRY: ContextVar[bool] = ContextVar("one_try", default=False)


@contextmanager
def one_try() -> Iterator[None]:
    """Requests in the block are not retried by the client: who sends them does."""
    token = _ONE_TRY.set(True)
    try:
        yield
    finally:
        _ONE_TRY.reset(token)


class FastSerializer(JSONSerializer):
    """JSON by orjson: writes numpy arrays and scalars directly, many times faster for vectors."""

    def dumps(self, data: Any) -> Any:
        if isinstance(data, str | bytes):
            return data
        options = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
        # opensearch-py joins the lines of a bulk body as text, so bytes won't do
        return orjson.dumps(data, default=self.default, option=options).decode()

    def loads(self, s: str) -> Any:
        return orjson.loads(s)


class PatientTransport(Transport):
    """Waits 50 to 250 ms before a retry, so that an overloaded node can recover; a silent one is
    not asked. Notes answers that lack a part.
    """

    @property
    def max_retries(self) -> int:
        """Further tries of a request."""
        return 0 if _ONE_TRY.get() else self._max_retries

    @max_retries.setter
    def max_retries(self, value: int) -> None:
        self._max_retries = value

    def perform_request(self, *args: Any, **options: Any) -> Any:
        """As ever; where the request is traced, as a span whose ids OpenSearch gets."""
        if (trace := REQUEST_TRACE.get()) is None:
            answer = super().perform_request(*args, **options)
        else:
            method, path = args[:2]
            with trace.engine_call(method, path) as span:
                options["headers"] = {**(options.get("headers") or {}), **span.headers}
                answer = super().perform_request(*args, **options)
                span.answered(answer)
        partial_answers.note(answer)
        return answer

    def mark_dead(self, connection: Any) -> None:
        super().mark_dead(connection)
        if self.max_retries and not connection.breaker.is_open:
            pause_s = random.uniform(0.05, 0.25)
            left_s = engine_time_left()
            time.sleep(pause_s if left_s is None else max(min(pause_s, left_s), 0))


def connect(settings: ClusterSettings) -> OpenSearch:
    """A client for the cluster; it is thread-safe and opens connections when first used.

    A request that timed out is not sent again: the cluster may have done it.

    Raises:
        SettingsError: AWS signing is set, but boto3 or its credentials are missing.
    """
    tls: dict[str, Any] = {}
    if any(host.startswith("https:") for host in settings.hosts):
        tls = {"verify_certs": settings.opensearch_verify_certs, "ssl_show_warn": False}
        if settings.opensearch_ca_file is not None:
            tls["ca_certs"] = str(settings.opensearch_ca_file)
    return OpenSearch(
        hosts=settings.hosts,
        http_auth=_authentication(settings),
        connection_class=DeadlineConnection,
        transport_class=PatientTransport,
        serializer=FastSerializer(),
        timeout=settings.opensearch_timeout_s,
        max_retries=settings.opensearch_retries,
        retry_on_status=RETRIED_STATUSES,
        retry_on_timeout=False,
        pool_maxsize=settings.opensearch_pool_size,
        **tls,
    )


def ping_or_raise(client: OpenSearch) -> dict[str, Any]:
    """The response to `GET /`: the cluster's name and version.

    Raises:
        ClusterUnavailable: it does not answer, is something else, its certificate is not trusted,
            or it refuses the credentials; the message says which, and how to fix it.
        UnsupportedVersion: it is too old.
    """
    where = ", ".join(sorted({node.host for node in client.transport.connection_pool.connections}))
    try:
        info: dict[str, Any] = client.info()
    except SSLError as error:
        if "CERTIFICATE" not in str(error.info):
            raise ClusterUnavailable(
                f"OpenSearch at {where} does not answer in TLS ({error.info}): if it has none, "
                "write http:// in place of https:// in LIVE_INTENT_OPENSEARCH_URL."
            ) from error
        if "not valid for" in str(error.info):
            raise ClusterUnavailable(
                f"OpenSearch at {where}: its certificate is for another host ({error.info}). "
                "Write a name that the certificate has in LIVE_INTENT_OPENSEARCH_URL."
            ) from error
        raise ClusterUnavailable(
            f"OpenSearch at {where}: its certificate is not trusted ({error.info}). Name the "
            "certificate authority's file in LIVE_INTENT_OPENSEARCH_CA_FILE."
        ) from error
    except (AuthenticationException, AuthorizationException) as error:
        raise ClusterUnavailable(
            f"OpenSearch at {where} refuses the credentials (HTTP {error.status_code}). Check "
            "LIVE_INTENT_OPENSEARCH_USER and LIVE_INTENT_OPENSEARCH_PASSWORD, or the AWS ones."
        ) from error
    except TransportError as error:
        raise ClusterUnavailable(
            f"OpenSearch at {where} does not answer ({error.error}). Start it "
            "(`live-intent node start`) or set LIVE_INTENT_OPENSEARCH_URL."
        ) from error
    except SerializationError:
        info = {}
    if not (isinstance(info, dict) and isinstance(info.get("version"), dict)):
        raise ClusterUnavailable(
            f"what answers at {where} is no OpenSearch: set LIVE_INTENT_OPENSEARCH_URL."
        )
    check_version(info, where)
    return info


def destination(settings: ClusterSettings, *targets: str) -> str:
    """The line in which a command says where it writes: addresses and indexes or aliases."""
    return f"cluster {', '.join(settings.hosts)}: {', '.join(targets)}"


def cluster_unavailable(error: OpenSearchException, action: str = "") -> LiveIntentError:
    """The error for a failed request; `action` completes "OpenSearch could not ...".

    ClusterUnavailable; RequestRefused where the request itself is wrong.
    """
    if isinstance(error, TransportError) and is_refusal(error.status_code, str(error)):
        return RequestRefused(f"OpenSearch refuses to {action or 'answer'}: {error}")
    if not action:
        return ClusterUnavailable(f"OpenSearch did not answer: {type(error).__name__}: {error}")
    cause = error.error if isinstance(error, TransportError) else error
    return ClusterUnavailable(
        f"OpenSearch could not {action}: {cause}. "
        "Is it running, and LIVE_INTENT_OPENSEARCH_URL right?"
    )


@contextmanager
def cluster_errors() -> Iterator[None]:
    """What the block's requests fail with, by `cluster_unavailable`; a conflict stays one."""
    try:
        yield
    except ConflictError:
        raise
    except OpenSearchException as error:
        raise cluster_unavailable(error) from error


def is_refusal(status: object, reason: str) -> bool:
    """Whether the engine's answer says that the request is wrong, and would be again.

    Some have status 500, such as a query with too many clauses. Refused credentials, blocks, a
    closed index and an overload are the cluster's state: they may pass.
    """
    if CLOSED_INDEX in reason:
        return False
    return status in REFUSED_STATUSES or any(kind in reason for kind in REFUSED_KINDS)


def may_pass(error: BaseException) -> bool:
    """Whether a request failed as the cluster was away, overloaded or full: it may succeed later.

    What is wrong with a connection's certificates does not pass.
    """
    if isinstance(error, SSLError):
        return False
    if isinstance(error, NoConnection):
        return True
    return isinstance(error, TransportError) and error.status_code in RETRIED_STATUSES


def _authentication(settings: ClusterSettings) -> Any:
    if settings.opensearch_user:
        return (settings.opensearch_user, settings.opensearch_password.get_secret_value())
    if not settings.opensearch_aws_region:
        return None
    try:
        import boto3
    except ImportError:
        raise SettingsError(
            "LIVE_INTENT_OPENSEARCH_AWS_REGION is set, but boto3 is not installed: "
            "pip install boto3"
        ) from None
    credentials = boto3.Session().get_credentials()
    if credentials is None:
        raise SettingsError(
            "LIVE_INTENT_OPENSEARCH_AWS_REGION is set, but boto3 finds no AWS credentials: set "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, or an instance role"
        )
    return Urllib3AWSV4SignerAuth(
        credentials, settings.opensearch_aws_region, settings.opensearch_aws_service
    )
