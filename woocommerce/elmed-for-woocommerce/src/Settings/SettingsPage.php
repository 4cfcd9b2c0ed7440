<?php

/**
 * ELMED → Settings: the key, the address, Test Connection, and the options.
 *
 * Registered by Plugin. Reads and writes Settings\Key and Settings\Options, asks Settings\ConnectionTest. The key is
 * never put into the page, its last four characters apart. The page's HTML is in SettingsView.
 */

namespace Elmed\WooCommerce\Settings;

use Elmed\WooCommerce\Log;

final class SettingsPage
{
    public const SLUG = 'elmed';
    public const CAPABILITY = 'manage_woocommerce';
    private const ACTION = 'elmed_save_settings';

    public function register(): void
    {
        add_action('admin_menu', array($this, 'addMenu'));
        add_action('admin_post_' . self::ACTION, array($this, 'save'));
        add_action('admin_enqueue_scripts', array($this, 'style'));
        add_action('admin_notices', array($this, 'sayTestKey'));
        add_action('admin_notices', array($this, 'sayNoKey'));
        add_filter('plugin_action_links_' . plugin_basename(ELMED_WC_FILE), array($this, 'link'));
    }

    /** The address of the page. */
    public static function url(): string
    {
        return admin_url('admin.php?page=' . self::SLUG);
    }

    public function addMenu(): void
    {
        // The hand of a pharmacy's cross, drawn for this plugin.
        $icon = 'data:image/svg+xml;base64,' . base64_encode(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20"><path fill="black" d="M7 2h6v5h5v6h-5v5H7v-5H2V7h5z"/></svg>'
        );
        add_menu_page(__('ELMED', 'elmed-for-woocommerce'), __('ELMED', 'elmed-for-woocommerce'), self::CAPABILITY, self::SLUG, array($this, 'show'), $icon, 56);
        add_submenu_page(self::SLUG, __('ELMED settings', 'elmed-for-woocommerce'), __('Settings', 'elmed-for-woocommerce'), self::CAPABILITY, self::SLUG, array($this, 'show'));
    }

    public function style(string $screen): void
    {
        if ($screen === 'toplevel_page_' . self::SLUG || strpos($screen, '_page_' . self::SLUG . '-') !== false) {
            wp_enqueue_style('elmed-admin', plugins_url('assets/admin.css', ELMED_WC_FILE), array(), ELMED_WC_VERSION);
        }
    }

    /**
     * A way to the settings in the list of plugins.
     *
     * @param array<int|string, string> $links
     * @return array<int|string, string>
     */
    public function link($links): array
    {
        $own = sprintf('<a href="%s">%s</a>', esc_url(self::url()), esc_html__('Settings', 'elmed-for-woocommerce'));
        return array_merge(array('settings' => $own), (array) $links);
    }

    public function show(): void
    {
        if (!current_user_can(self::CAPABILITY)) {
            wp_die(esc_html__('You may not see this page.', 'elmed-for-woocommerce'), '', array('response' => 403));
        }
        // Only which of our own words to say; nothing is changed by it.
        $said = sanitize_key(wp_unslash($_GET['elmed-said'] ?? '')); // phpcs:ignore WordPress.Security.NonceVerification
        (new SettingsView())->show($said, self::ACTION);
    }

    /** On every page of wp-admin that deals with the shop: what is sold with a test key is not real. */
    public function sayTestKey(): void
    {
        if (Key::isTest() && current_user_can(self::CAPABILITY)) {
            $text = __('ELMED: this shop uses a test key. Prescriptions and stock are made up, and nothing that is sold reaches your pharmacy. Enter a live key before you open the shop.', 'elmed-for-woocommerce');
            printf('<div class="notice notice-warning"><p>%s <a href="%s">%s</a></p></div>', esc_html($text), esc_url(self::url()), esc_html__('ELMED settings', 'elmed-for-woocommerce'));
        }
    }

    /** On the list of plugins, where one stands after the activation. */
    public function sayNoKey(): void
    {
        $screen = get_current_screen();
        if ($screen && $screen->id === 'plugins' && !Key::exists() && current_user_can(self::CAPABILITY)) {
            $text = __('ELMED for WooCommerce is active. Next: enter your API key and test the connection.', 'elmed-for-woocommerce');
            printf('<div class="notice notice-info"><p>%s <a href="%s">%s</a></p></div>', esc_html($text), esc_url(self::url()), esc_html__('ELMED settings', 'elmed-for-woocommerce'));
        }
    }

    /** The form's answer: saves, tests where asked to (or where the key is new), and goes back to the page. */
    public function save(): void
    {
        check_admin_referer(self::ACTION);
        if (!current_user_can(self::CAPABILITY)) {
            wp_die(esc_html__('You may not change these settings.', 'elmed-for-woocommerce'), '', array('response' => 403));
        }
        $said = $this->take(wp_unslash($_POST));
        wp_safe_redirect(add_query_arg('elmed-said', $said, self::url()));
        exit;
    }

    /**
     * Takes the form's values; returns what to say.
     *
     * @param array<string, mixed> $given The form, without slashes.
     */
    public function take(array $given): string
    {
        $before = array(Key::value(), Options::baseUrl());
        if (!empty($given['elmed_forget_key']) && !Key::inConstant()) {
            Key::forget();
            delete_option(Connection::OPTION);
            return 'key-removed';
        }
        $refusal = $this->takeConnection($given);
        if ($refusal !== null) {
            return $refusal;
        }
        $this->takeOptions($given);
        do_action('elmed_settings_saved');
        if (!empty($given['elmed_test']) || $before !== array(Key::value(), Options::baseUrl())) {
            $found = (new ConnectionTest())->run();
            Log::info('connection tested', array('state' => $found->state));
            do_action('elmed_connection_tested', $found);
            return 'tested';
        }
        return 'saved';
    }

    /**
     * Takes the key and the address; why not, as a word of SettingsView, when it changes nothing. A key goes to the
     * address that it was entered for: whoever may change the address must not get at a key that somebody else entered.
     *
     * @param array<string, mixed> $given
     */
    private function takeConnection(array $given): ?string
    {
        $url = $this->address($given);
        $key = Key::inConstant() ? '' : trim((string) ($given['elmed_api_key'] ?? ''));
        if ($url !== Options::baseUrl() && !Address::isSafe($url)) {
            return 'bad-address';
        }
        if ($key !== '' && !Key::looksRight($key)) {
            return 'bad-key';
        }
        if ($url !== Options::baseUrl() && $key === '' && Key::exists()) {
            return 'key-needed';
        }
        if ($url !== Options::baseUrl()) {
            update_option(Options::BASE_URL, $url === Options::DEFAULT_BASE_URL ? '' : $url);
        }
        if ($key !== '') {
            Key::store($key);
        }
        return null;
    }

    /** The address that the form asks for. @param array<string, mixed> $given */
    private function address(array $given): string
    {
        if (!isset($given['elmed_base_url']) || Options::baseUrlIsFixed()) {
            return Options::baseUrl();
        }
        $url = Address::normalise(sanitize_text_field((string) $given['elmed_base_url']));
        return $url === '' ? Options::DEFAULT_BASE_URL : $url;
    }

    /** @param array<string, mixed> $given */
    private function takeOptions(array $given): void
    {
        foreach (array_keys(Options::TABLE) as $name) {
            $is_tick = Options::TABLE[$name][1] === array('yes', 'no');
            $value = $given[$name] ?? ($is_tick && isset($given['elmed_whole_form']) ? 'no' : null);
            if (is_string($value)) {
                Options::set($name, $value);
            }
        }
    }
}
