"""Pages that every portal shares: the start page, the choice of an account, settings."""

from elmed.portals.page import route
from elmed.portals.shared import (
    components,
    confirm,
    home,
    key_changes,
    keys,
    language,
    limits,
    pictures,
    profile,
    security,
    sessions,
    settings_pages,
    woocommerce,
)

urlpatterns = [
    route("", home.home, "home"),
    route("account", home.choose_account, "choose_account"),
    route("unlock", confirm.unlock, "unlock"),
    route("alive", confirm.alive, "alive"),
    route("confirm", confirm.confirm, "confirm"),
    route("confirm/passkey", confirm.passkey, "passkey_options"),
    route("language", language.language, "language"),
    route("components", components.components, "components"),
    route("settings", settings_pages.index, "settings"),
    route("settings/profile", profile.profile, "profile"),
    route("settings/profile/contact", profile.contact, "profile_contact"),
    route("settings/security", security.security, "security"),
    route("settings/security/second-factor", security.second_factor_page, "second_factor"),
    route("settings/security/sessions", sessions.sessions, "sessions"),
    route("settings/security/sessions/<int:pk>/end", sessions.end, "session_end"),
    route("settings/security/sessions/end-others", sessions.end_others, "sessions_end_others"),
    route("accounts/2fa/", security.factors, "factors"),  # instead of allauth's page
    route("settings/woocommerce", woocommerce.woocommerce, "woocommerce"),
    route("settings/woocommerce/plugin.zip", woocommerce.plugin_zip, "woocommerce_plugin"),
    route("images/<slug:sha256>.<slug:extension>", pictures.picture, "product_picture"),
    route("settings/api-keys", keys.api_keys, "api_keys"),
    route("settings/api-keys/new", keys.new_key, "api_key_new"),
    route("settings/api-keys/<int:pk>/rotate", key_changes.rotate_key, "api_key_rotate"),
    route("settings/api-keys/<int:pk>/change", key_changes.change_key, "api_key_change"),
    route("settings/api-keys/<int:pk>/limit", limits.ask_limit, "api_key_limit"),
    route("settings/api-keys/<int:pk>/revoke", key_changes.revoke_key, "api_key_revoke"),
]
