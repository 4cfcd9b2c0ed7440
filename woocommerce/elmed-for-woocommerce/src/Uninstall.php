<?php

/**
 * Removes what the plugin leaves behind on one site; called by uninstall.php alone, when nothing else of the plugin is
 * loaded and WooCommerce may be gone. By names that begin with "elmed", so that there is no list to forget something from.
 */

namespace Elmed\WooCommerce;

use Elmed\WooCommerce\Database\JobTables;
use Elmed\WooCommerce\Settings\Connection;
use Elmed\WooCommerce\Settings\Key;
use Elmed\WooCommerce\Sync\OutOfSale;

final class Uninstall
{
    /** @param bool $everything Also settings and what is kept on orders. */
    public function run(bool $everything): void
    {
        // Deactivated in whatever way (by hand in the database): from now on nobody checks a prescription.
        OutOfSale::take();
        Key::forget();
        delete_option(Connection::OPTION);
        JobTables::drop();
        if ($everything) {
            $this->dropOptions();
            $this->dropOrderData();
        }
    }

    private function dropOptions(): void
    {
        global $wpdb;
        $names = $wpdb->get_col(
            $wpdb->prepare(
                "SELECT option_name FROM {$wpdb->options} WHERE option_name LIKE %s OR option_name LIKE %s OR option_name LIKE %s",
                $wpdb->esc_like('elmed_') . '%',
                $wpdb->esc_like('_transient_elmed_') . '%',
                $wpdb->esc_like('_transient_timeout_elmed_') . '%'
            )
        );
        foreach ($names as $name) {
            delete_option($name);
        }
    }

    /** On orders and their items, wherever WooCommerce keeps them. */
    private function dropOrderData(): void
    {
        global $wpdb;
        $like = $wpdb->esc_like('_elmed_') . '%';
        foreach (array($wpdb->prefix . 'wc_orders_meta', $wpdb->prefix . 'woocommerce_order_itemmeta') as $table) {
            if ($this->exists($table)) {
                $wpdb->query($wpdb->prepare("DELETE FROM $table WHERE meta_key LIKE %s", $like)); // phpcs:ignore WordPress.DB.PreparedSQL
            }
        }
        $wpdb->query(
            $wpdb->prepare(
                "DELETE m FROM {$wpdb->postmeta} m JOIN {$wpdb->posts} p ON p.ID = m.post_id
                WHERE p.post_type IN ('shop_order', 'shop_order_refund', 'shop_order_placehold') AND m.meta_key LIKE %s",
                $like
            )
        );
    }

    private function exists(string $table): bool
    {
        global $wpdb;
        return $wpdb->get_var($wpdb->prepare('SHOW TABLES LIKE %s', $wpdb->esc_like($table))) === $table;
    }
}
