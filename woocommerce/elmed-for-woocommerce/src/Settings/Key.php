<?php

/**
 * The API key: where it is kept, and the only code that reads it.
 *
 * Read by Api\Client alone; written by Settings\SettingsPage. A constant ELMED_API_KEY in wp-config.php wins over the
 * stored one. It is never loaded with the other options, never shown again (the last four characters apart), never logged.
 */

namespace Elmed\WooCommerce\Settings;

final class Key
{
    public const OPTION = 'elmed_api_key';
    private const LIVE = '/^elm_[0-9a-f]{64}$/';
    private const TEST = '/^elm_test_[0-9a-f]{64}$/';

    /** The key, or "" when there is none. */
    public static function value(): string
    {
        if (self::inConstant()) {
            return trim((string) constant('ELMED_API_KEY'));
        }
        return (string) get_option(self::OPTION, '');
    }

    public static function exists(): bool
    {
        return self::value() !== '';
    }

    /** Whether wp-config.php sets it, so that the settings page cannot. */
    public static function inConstant(): bool
    {
        return defined('ELMED_API_KEY') && is_string(constant('ELMED_API_KEY')) && trim(constant('ELMED_API_KEY')) !== '';
    }

    /** The last four characters: enough to tell two keys apart. */
    public static function hint(): string
    {
        return substr(self::value(), -4);
    }

    /** Whether it acts in the test world only. */
    public static function isTest(): bool
    {
        return strncmp(self::value(), 'elm_test_', 9) === 0;
    }

    /** Whether a pasted text has the shape of a key. */
    public static function looksRight(string $key): bool
    {
        return preg_match(self::LIVE, $key) === 1 || preg_match(self::TEST, $key) === 1;
    }

    /** Keeps a key; not autoloaded, so that it is not in the options that every page holds in memory. */
    public static function store(string $key): void
    {
        update_option(self::OPTION, trim($key), false);
    }

    public static function forget(): void
    {
        delete_option(self::OPTION);
    }
}
