"""Django's settings, made from the environment alone.

Nothing here is edited for an installation: environment.py lists what can be set. What makes a
configuration unsafe is judged in checks.py, not here.
"""

from email.utils import formataddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
import django_stubs_ext
from psycopg import _queries as psycopg_queries

from elmed.config.environment import environment

django_stubs_ext.monkeypatch()

ENV = environment()
BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = ENV.elmed_data.resolve()
PRODUCTION = ENV.elmed_env == "production"
DEMO = ENV.elmed_env == "demo"
DEBUG = False

DOWNLOADS_DIR = ENV.downloads_dir

SITE_NAME = ENV.site_name
BASE_URL = ENV.base_url.rstrip("/")
SUPPORT_EMAIL = ENV.support_email
_site = urlsplit(BASE_URL)
ALLOWED_HOSTS = [
    host
    for host in {_site.hostname or "localhost", "localhost", "127.0.0.1", "[::1]", *ENV.allowed_hosts.split(",")}
    if host
]
CSRF_TRUSTED_ORIGINS = [f"{_site.scheme}://{_site.netloc}"]


def _secret_key() -> str:
    """The key from the environment, else the file that `elmed setup` wrote, else (not in production) a fixed one."""
    if value := ENV.secret_key.get_secret_value():
        return value
    file = DATA_DIR / "secret-key"
    if file.is_file():
        return file.read_text().strip()
    return "" if PRODUCTION else "insecure-development-key-never-used-in-production"


SECRET_KEY = (
    _secret_key() or "unset"
)  # `elmed check` and `elmed serve` refuse "unset"; `elmed setup` must start without it
SEALING_KEYS_DIR = (ENV.sealing_keys_dir or DATA_DIR / "sealing-keys").resolve()
SECOND_FACTOR_KEYS_FILE = DATA_DIR / "second-factor-keys"
# Outside production there is a fixed one, as of the secret key.
SECOND_FACTOR_KEYS = ENV.second_factor_keys.get_secret_value() or (
    "" if PRODUCTION or SECOND_FACTOR_KEYS_FILE.is_file() else "aW5zZWN1cmUtZGV2ZWxvcG1lbnQta2V5LW5vdC11c2U="
)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_cotton",
    "csp",
    "drf_spectacular_sidecar",
    "elmed.core",
    "elmed.accounts",
    "elmed.access",
    "elmed.patients",
    "elmed.medications",
    "elmed.events",
    "elmed.notifications",
    "elmed.webhooks",
    "elmed.request_log",
    "elmed.prescriptions",
    "elmed.inventory",
    "elmed.api",
    "elmed.portals",
    "elmed.help",
    "elmed.jobs",
]

MIDDLEWARE = [
    "elmed.config.middleware.RequestId",
    "elmed.api.middleware.PublicApi",  # the API ends here: no session, CSRF or CSP work is done for it
    "django.middleware.security.SecurityMiddleware",
    "elmed.config.static.CompressedStatic",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "elmed.config.middleware.OneSlash",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "elmed.portals.language.ChosenLanguage",
    "elmed.portals.idle.IdleLock",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "elmed.portals.middleware.CurrentAccount",
    "elmed.portals.sign_in.SignIn",
]

ROOT_URLCONF = "elmed.config.urls"
WSGI_APPLICATION = "elmed.config.wsgi.application"
APPEND_SLASH = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.Person"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-gb"
USE_I18N = True
LANGUAGES = [("en-gb", "English"), ("ar", "العربية")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "elmed.locale"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "portals" / "templates"],  # before allauth's own
        "APP_DIRS": False,
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": ["django_cotton.templatetags.cotton", "elmed.portals.templatetags.forms_of_pages"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "elmed.portals.context.site",
            ],
        },
    }
]


def _database() -> dict[str, Any]:
    """SQLite with immediate transactions, or PostgreSQL with prepared statements: Django prepares none by default."""
    config: dict[str, Any] = dict(dj_database_url.parse(ENV.database_url or f"sqlite:///{DATA_DIR / 'elmed.sqlite3'}"))
    if config["ENGINE"] == "django.db.backends.sqlite3":
        config["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
        }
        config["CONN_MAX_AGE"] = None
        return config
    config["CONN_MAX_AGE"] = None
    config["CONN_HEALTH_CHECKS"] = True
    config["DISABLE_SERVER_SIDE_CURSORS"] = True
    config.setdefault("OPTIONS", {}).update(
        {
            "prepare_threshold": 1,
            "server_side_binding": True,
            "connect_timeout": 5,  # seconds; a database lost on the network is an error, not a hang
            "tcp_user_timeout": 15_000,  # milliseconds
        }
    )
    # psycopg remembers where a statement's placeholders stand, but only up to 4 kB: the hot reads are longer.
    psycopg_queries.MAX_CACHED_STATEMENT_LENGTH = 16_384
    return config


DATABASES = {"default": _database()}

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_ADAPTER = "elmed.portals.adapter.AccountAdapter"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # before the e-mail address is changed; access/policy.py has the rest
ACCOUNT_EMAIL_NOTIFICATIONS = True  # a changed password or second factor is told by mail
# Beside allauth's own: registering and opening invitations; reports of leaked keys, which need no key.
ACCOUNT_RATE_LIMITS = {"join": "30/h/ip", "report_leak": "30/m/ip", "keep": "20/h/key"}  # keep: portals/kept.py
ALLAUTH_TRUSTED_PROXY_COUNT = ENV.trusted_proxies  # else its limits a client count everybody behind the proxy as one
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_TOTP_ISSUER = SITE_NAME
MFA_ADAPTER = "elmed.portals.adapter.FactorAdapter"
MFA_FORMS = {
    "authenticate": "elmed.portals.factor_forms.CodeForm",
    "authenticate_webauthn": "elmed.portals.factor_forms.PasskeyForm",
    "login_webauthn": "elmed.portals.factor_forms.PasskeyAloneForm",
}
MFA_TOTP_TOLERANCE = 1  # a phone's clock may be half a minute off
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
REQUIRE_SECOND_FACTOR = PRODUCTION if ENV.require_second_factor is None else ENV.require_second_factor
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = _site.scheme != "https"  # browsers allow that for localhost alone

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _site.scheme == "https"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "elmed.portals.stale.page"
IDLE_LOCK_SECONDS = 60 * ENV.idle_lock_minutes
IDLE_END_SECONDS = 60 * max(ENV.idle_end_minutes, ENV.idle_lock_minutes + 2)  # the lock comes first
SECURE_HSTS_SECONDS = 31536000 if _site.scheme == "https" else 0
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENV.trusted_proxies else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

STATIC_URL = "/static/"
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.AppDirectoriesFinder"]
WHITENOISE_USE_FINDERS = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

FORMULARY_ALLOW_DEMONSTRATION = ENV.formulary_allow_demonstration

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "django_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},  # it culls beyond that: with the default of 300 a lock-out could be lost
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = ENV.max_body_bytes
FILE_UPLOAD_HANDLERS = [
    "elmed.portals.uploads.Limited",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# With the name that people know it by: an inbox shows that first.
DEFAULT_FROM_EMAIL = SERVER_EMAIL = formataddr((ENV.site_name, ENV.email_from))
EMAIL_SUBJECT_PREFIX = ""
EMAIL_HOST, EMAIL_PORT = ENV.email_host, ENV.email_port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = ENV.email_user, ENV.email_password.get_secret_value()
EMAIL_USE_SSL = ENV.email_use_tls and ENV.email_port == 465  # TLS from the first byte (RFC 8314)
EMAIL_USE_TLS = ENV.email_use_tls and not EMAIL_USE_SSL
EMAIL_TIMEOUT = 15  # seconds; a mail server that hangs is a failed try, and the next mail has its turn
EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if ENV.email_host
    else "django.core.mail.backends.filebased.EmailBackend"
)
EMAIL_FILE_PATH = DATA_DIR / "mail"

SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # e-mails are unique in any case, by a constraint that this check cannot see
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "elmed.config.logs.WithoutRows", "format": "%(asctime)s %(levelname)s %(name)s %(message)s"}
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"elmed": {"level": "INFO"}, "django.request": {"level": "ERROR"}},
}
