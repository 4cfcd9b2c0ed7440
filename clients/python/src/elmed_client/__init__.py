"""A client for ELMED's public API.

from elmed_client import Client

with Client() as elmed:  # the key from ELMED_API_KEY
    for prescription in elmed.prescriptions.list(status="verified"):
        print(prescription.id, prescription.status)
"""

from elmed_client.asynchronous.client import AsyncClient
from elmed_client.bodies import ActLine, CheckLine, DispenseLine, ReverseLine, SaleLine
from elmed_client.config import NO_RETRIES, Retries
from elmed_client.core import ElmedDeprecationWarning, RateLimit
from elmed_client.errors import (
    APIError,
    AuthenticationError,
    ChecksLockedError,
    ConfigurationError,
    ConflictError,
    ConnectionFailedError,
    ElmedError,
    EventsExpiredError,
    FieldError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionFailedError,
    RateLimitedError,
    ServerError,
    TimedOutError,
    UnexpectedAnswerError,
    WebhookVerificationError,
)
from elmed_client.synchronous.client import Client
from elmed_client.version import VERSION

__version__ = VERSION

__all__ = [
    "NO_RETRIES", "APIError", "ActLine", "AsyncClient", "AuthenticationError", "CheckLine", "ChecksLockedError", "Client",
    "ConfigurationError", "ConflictError", "ConnectionFailedError", "DispenseLine", "ElmedDeprecationWarning",
    "ElmedError", "EventsExpiredError", "FieldError", "InvalidRequestError", "NotFoundError", "PermissionDeniedError",
    "PreconditionFailedError", "RateLimit", "RateLimitedError", "Retries", "ReverseLine", "SaleLine", "ServerError",
    "TimedOutError", "UnexpectedAnswerError", "WebhookVerificationError", "__version__",
]  # fmt: skip
