<?php

/**
 * Makes several writes one: all of them or none, should the process die in between.
 *
 * Used by Sync\Upsert, since WooCommerce writes a new product in dozens of steps, and one that died after the first would
 * leave a product that no SKU finds again. One commit for all of them is also several times faster.
 */

namespace Elmed\WooCommerce\Database;

final class Transaction
{
    /**
     * Runs the work as one transaction; returns what it returns.
     *
     * @return mixed
     * @throws \Throwable What the work throws; nothing of it is written then.
     */
    public static function run(callable $work)
    {
        global $wpdb;
        if ('1' !== (string) $wpdb->get_var('SELECT @@autocommit')) {
            // Somebody around us has one open already; beginning another would end theirs.
            return $work();
        }
        $wpdb->query('START TRANSACTION');
        try {
            $done = $work();
            $wpdb->query('COMMIT');
            return $done;
        } catch (\Throwable $fault) {
            $wpdb->query('ROLLBACK');
            // What was cached on the way was never written.
            wp_cache_flush();
            throw $fault;
        }
    }
}
