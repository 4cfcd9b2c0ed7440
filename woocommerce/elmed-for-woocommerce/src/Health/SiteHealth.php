<?php

/**
 * ELMED in Tools → Site Health: one test of what is known here, one that asks ELMED, and the facts for support.
 *
 * Registered by Plugin; asks Health\Checks and Settings\ConnectionTest.
 */

namespace Elmed\WooCommerce\Health;

use Elmed\WooCommerce\Settings\ConnectionTest;
use Elmed\WooCommerce\Settings\Key;
use Elmed\WooCommerce\Settings\SettingsPage;

final class SiteHealth
{
    private const ASKING = 'elmed-connection';

    public function register(): void
    {
        add_filter('site_status_tests', array($this, 'add'));
        add_action('wp_ajax_health-check-' . self::ASKING, array($this, 'ask'));
        add_filter('debug_information', array($this, 'inform'));
    }

    /**
     * @param mixed $tests
     * @return array<string, array<string, mixed>>
     */
    public function add($tests): array
    {
        $tests = (array) $tests;
        $tests['direct']['elmed'] = array('label' => __('ELMED', 'elmed-for-woocommerce'), 'test' => array($this, 'direct'));
        if (Key::exists()) {
            $tests['async'][self::ASKING] = array('label' => __('Connection to ELMED', 'elmed-for-woocommerce'), 'test' => self::ASKING);
        }
        return $tests;
    }

    /** @return array<string, mixed> */
    public function direct(): array
    {
        $worries = Checks::worries();
        $good = __('Products and orders are connected to ELMED', 'elmed-for-woocommerce');
        $bad = __('ELMED needs your attention', 'elmed-for-woocommerce');
        $text = $worries ? implode(' ', $worries) : __('Nothing to do.', 'elmed-for-woocommerce');
        return self::result('elmed', $worries ? $bad : $good, $text, $worries ? (Key::exists() ? 'recommended' : 'critical') : 'good');
    }

    /** The test that calls ELMED; WordPress runs it from the page, so that the page need not wait for it. */
    public function ask(): void
    {
        check_ajax_referer('health-check-site-status');
        if (!current_user_can('view_site_health_checks')) {
            wp_send_json_error();
        }
        wp_send_json_success($this->connection());
    }

    /** @return array<string, mixed> */
    public function connection(): array
    {
        $found = (new ConnectionTest())->run();
        $label = $found->connected() ? __('This server reaches ELMED', 'elmed-for-woocommerce') : __('This server is not connected to ELMED', 'elmed-for-woocommerce');
        return self::result(self::ASKING, $label, $found->title() . ': ' . $found->text(), $found->connected() ? 'good' : 'critical');
    }

    /**
     * @param mixed $information
     * @return array<string, mixed>
     */
    public function inform($information): array
    {
        $fields = array();
        foreach (Checks::facts() as $label => $value) {
            $fields[sanitize_key($label)] = array('label' => $label, 'value' => $value);
        }
        return (array) $information + array('elmed' => array('label' => 'ELMED', 'fields' => $fields));
    }

    /** @return array<string, mixed> */
    private static function result(string $test, string $label, string $text, string $status): array
    {
        $colour = array('good' => 'blue', 'recommended' => 'orange', 'critical' => 'red');
        return array(
            'label' => $label,
            'status' => $status,
            'badge' => array('label' => __('ELMED', 'elmed-for-woocommerce'), 'color' => $colour[$status]),
            'description' => '<p>' . esc_html($text) . '</p>',
            'actions' => sprintf('<a href="%s">%s</a>', esc_url(SettingsPage::url()), esc_html__('ELMED settings', 'elmed-for-woocommerce')),
            'test' => $test,
        );
    }
}
