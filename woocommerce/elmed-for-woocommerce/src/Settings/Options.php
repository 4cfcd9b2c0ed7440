<?php

/**
 * The plugin's settings: their names, defaults and allowed values, in one table.
 *
 * Read everywhere; written by Settings\SettingsPage. The key is not among them: see Settings\Key.
 */

namespace Elmed\WooCommerce\Settings;

final class Options
{
    public const BASE_URL = 'elmed_base_url';
    public const AUTO_SYNC = 'elmed_auto_sync';
    public const FOREIGN_SKU = 'elmed_foreign_sku';
    public const NEW_AS_DRAFTS = 'elmed_new_as_drafts';
    public const OVERWRITE_EDITS = 'elmed_overwrite_edits';
    public const WAITING_ORDERS = 'elmed_waiting_orders';

    public const DEFAULT_BASE_URL = 'https://elmed.healthcare';

    /** Seconds between automatic syncs, by the option's value. */
    public const AUTO_SYNC_SECONDS = array(
        'off' => 0,
        '15min' => 900,
        'hourly' => 3600,
        'sixhourly' => 21600,
        'daily' => 86400,
    );

    /** name => array(default, allowed values); the address is checked by Settings\Address. */
    public const TABLE = array(
        self::AUTO_SYNC => array('off', array('off', '15min', 'hourly', 'sixhourly', 'daily')),
        self::FOREIGN_SKU => array('report', array('report', 'adopt', 'skip')),
        self::NEW_AS_DRAFTS => array('no', array('yes', 'no')),
        self::OVERWRITE_EDITS => array('no', array('yes', 'no')),
        self::WAITING_ORDERS => array('yes', array('yes', 'no')),
    );

    /** The address of ELMED without a slash at the end; ELMED_BASE_URL in wp-config.php wins. A key of wp-config.php goes nowhere else. */
    public static function baseUrl(): string
    {
        $kept = self::baseUrlIsFixed() ? '' : get_option(self::BASE_URL, '');
        $url = self::baseUrlInConstant() ? constant('ELMED_BASE_URL') : $kept;
        $url = Address::normalise((string) $url);
        return $url === '' ? self::DEFAULT_BASE_URL : $url;
    }

    /** Whether wp-config.php sets the address, so that the settings page cannot. */
    public static function baseUrlInConstant(): bool
    {
        return defined('ELMED_BASE_URL') && constant('ELMED_BASE_URL') !== '';
    }

    /** Whether wp-config.php decides on the address: it sets the address, or the key, which no form may send elsewhere. */
    public static function baseUrlIsFixed(): bool
    {
        return self::baseUrlInConstant() || Key::inConstant();
    }

    /** Seconds between automatic syncs; 0 when they are off. */
    public static function autoSyncSeconds(): int
    {
        return self::AUTO_SYNC_SECONDS[self::get(self::AUTO_SYNC)];
    }

    /** What to do with a product of the shop's own that has the SKU of one in ELMED: "report", "adopt" or "skip". */
    public static function foreignSku(): string
    {
        return self::get(self::FOREIGN_SKU);
    }

    public static function newAsDrafts(): bool
    {
        return self::get(self::NEW_AS_DRAFTS) === 'yes';
    }

    public static function overwriteEdits(): bool
    {
        return self::get(self::OVERWRITE_EDITS) === 'yes';
    }

    /** Whether an order may be placed whose prescription only waits for the pharmacist's check. */
    public static function waitingOrders(): bool
    {
        return self::get(self::WAITING_ORDERS) === 'yes';
    }

    /** The value of one setting; what is not allowed (an older version's, a hand-made one) counts as the default. */
    public static function get(string $name): string
    {
        list($default, $allowed) = self::TABLE[$name];
        $value = get_option($name, $default);
        return in_array($value, $allowed, true) ? $value : $default;
    }

    /** Keeps a value when it is an allowed one; returns whether it was. */
    public static function set(string $name, string $value): bool
    {
        if (!isset(self::TABLE[$name]) || !in_array($value, self::TABLE[$name][1], true)) {
            return false;
        }
        update_option($name, $value);
        return true;
    }
}
