"""Pages that every portal shares: the start page, the choice of an account, settings."""

from elmed.portals.page import route
from elmed.portals.shared import components, home, keys, language, pictures, settings_pages, unlock, woocommerce

urlpatterns = [
    route("", home.home, "home"),
    route("account", home.choose_account, "choose_account"),
    route("unlock", unlock.unlock, "unlock"),
    route("alive", unlock.alive, "alive"),
    route("language", language.language, "language"),
    route("components", components.components, "components"),
    route("settings", settings_pages.index, "settings"),
    route("settings/security", settings_pages.security, "security"),
    route("settings/woocommerce", woocommerce.woocommerce, "woocommerce"),
    route("settings/woocommerce/plugin.zip", woocommerce.plugin_zip, "woocommerce_plugin"),
    route("images/<slug:sha256>.<slug:extension>", pictures.picture, "product_picture"),
    route("settings/api-keys", keys.api_keys, "api_keys"),
    route("settings/api-keys/new", keys.new_key, "api_key_new"),
    route("settings/api-keys/<int:pk>/revoke", keys.revoke_key, "api_key_revoke"),
]
