<?php

/**
 * Which ELMED account the shop's products came from, and the change to another one.
 *
 * Asked by Sync\Run before it reads a list, so that a key of another pharmacy, or a test key in a live shop, does not
 * take every product for gone. The change is made on ELMED → Sync, by a person.
 */

namespace Elmed\WooCommerce\Sync;

final class Account
{
    private const OPTION = 'elmed_sync_account';

    /** Whether products of this account may be brought over: it is the one they came from, or there is none yet. */
    public static function isOurs(string $account): bool
    {
        $kept = (string) get_option(self::OPTION, '');
        return $kept === '' || $kept === $account;
    }

    public static function keep(string $account): void
    {
        update_option(self::OPTION, $account, false);
    }

    /**
     * From the next sync on the products are another account's: the links to the old one's are let go. Products are found
     * again by SKU; those that the new account does not have are hidden when the sync is complete.
     */
    public static function change(): void
    {
        global $wpdb;
        $wpdb->query($wpdb->prepare("UPDATE {$wpdb->postmeta} SET meta_value = '0' WHERE meta_key = %s", ProductMeta::ID));
        $wpdb->query($wpdb->prepare("DELETE FROM {$wpdb->postmeta} WHERE meta_key = %s", ProductMeta::HASH));
        wp_cache_flush();
        RunState::forgetLast();
        delete_option(self::OPTION);
        delete_option(Problems::OPTION);
    }
}
