<?php

/**
 * What the plugin stands on: PHP, WordPress and WooCommerce, and in which versions.
 *
 * Asked by Plugin::start(). WordPress checks its own and PHP's version when the plugin is activated, but not when
 * either is changed afterwards; so it is asked again at every start, and answered with a notice, never a fatal error.
 */

namespace Elmed\WooCommerce;

final class Requirements
{
    public const PHP = '7.4';
    public const WORDPRESS = '6.8';
    public const WOOCOMMERCE = '9.9';

    /** Whether the plugin can run here. Asked before translations are loaded, so it says no word. */
    public static function areMet(): bool
    {
        return self::missing() === null;
    }

    /** What is missing, in words; null when everything is there. */
    public static function unmet(): ?string
    {
        $words = array(
            /* translators: %s: a version number */
            'php' => sprintf(__('it needs PHP %s or newer.', 'elmed-for-woocommerce'), self::PHP),
            /* translators: %s: a version number */
            'wordpress' => sprintf(__('it needs WordPress %s or newer.', 'elmed-for-woocommerce'), self::WORDPRESS),
            'no woocommerce' => __('WooCommerce is not active. Install and activate WooCommerce first.', 'elmed-for-woocommerce'),
            /* translators: %s: a version number */
            'woocommerce' => sprintf(__('it needs WooCommerce %s or newer.', 'elmed-for-woocommerce'), self::WOOCOMMERCE),
        );
        $missing = self::missing();
        return $missing === null ? null : $words[$missing];
    }

    private static function missing(): ?string
    {
        if (version_compare(PHP_VERSION, self::PHP, '<')) {
            return 'php';
        }
        if (version_compare(get_bloginfo('version'), self::WORDPRESS, '<')) {
            return 'wordpress';
        }
        if (!defined('WC_VERSION')) {
            return 'no woocommerce';
        }
        return version_compare(WC_VERSION, self::WOOCOMMERCE, '<') ? 'woocommerce' : null;
    }

    /** Says in wp-admin what is missing, to those who can do something about it. */
    public static function showUnmet(): void
    {
        if (!current_user_can('activate_plugins')) {
            return;
        }
        $unmet = self::unmet();
        if ($unmet === null) {
            return;
        }
        /* translators: %s: what is missing, e.g. "it needs PHP 7.4 or newer." */
        $text = sprintf(__('ELMED for WooCommerce does nothing at the moment: %s', 'elmed-for-woocommerce'), $unmet);
        printf('<div class="notice notice-error"><p>%s</p></div>', esc_html($text));
    }
}
