<?php

/**
 * The address of ELMED as people type it, and which addresses a key may be sent to.
 *
 * Used by Settings\Options, Settings\SettingsPage and Api\Client.
 */

namespace Elmed\WooCommerce\Settings;

final class Address
{
    /** Without spaces, the slash at the end, and the API's path that some paste along; "https://" where it was left out. */
    public static function normalise(string $url): string
    {
        $url = trim($url);
        if ($url === '') {
            return '';
        }
        if (strpos($url, '://') === false) {
            $url = 'https://' . $url;
        }
        $url = rtrim($url, '/');
        return rtrim((string) preg_replace('~/api/public(/v1)?$~', '', $url), '/');
    }

    /** Whether a key may travel there: https; http only to this machine itself, or where WordPress is told that it is not a real shop. */
    public static function isSafe(string $url): bool
    {
        $parts = wp_parse_url($url);
        if (!is_array($parts) || empty($parts['host']) || isset($parts['user']) || isset($parts['query']) || isset($parts['fragment'])) {
            return false;
        }
        if (($parts['scheme'] ?? '') === 'https') {
            return true;
        }
        $here = in_array($parts['host'], array('127.0.0.1', 'localhost', '[::1]'), true);
        return ($parts['scheme'] ?? '') === 'http' && ($here || in_array(wp_get_environment_type(), array('local', 'development'), true));
    }
}
