"""Errors shown to users: each message names the problem and how to fix it."""


class LiveIntentError(Exception):
    """Base of every error that a user may see; the command line prints its message alone."""

    exit_code = 1
    plain = "This can't be answered right now."  # for people who don't run the service
    retry_after_s = 1  # where it is no fault of the request


class SettingsError(LiveIntentError):
    """A setting has a value that is not allowed, or a name that does not exist."""

    exit_code = 2


class ClusterUnavailable(LiveIntentError):
    """OpenSearch did not answer, or refused the credentials."""

    exit_code = 3
    plain = "The search engine does not answer right now."


class RequestRefused(LiveIntentError):
    """OpenSearch understood a request and refused it: to send it again does not help."""

    exit_code = 3
    plain = "The search engine refuses this request."


class ConfigMismatch(LiveIntentError):
    """The cluster's indexes or templates do not fit the configuration."""

    exit_code = 4


class NodeError(LiveIntentError):
    """The local node could not be installed, started or stopped."""

    exit_code = 5
