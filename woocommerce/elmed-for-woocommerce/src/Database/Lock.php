<?php

/**
 * Keeps two processes from doing the same thing at once, on whichever server they run: MySQL's GET_LOCK.
 *
 * Used by Sync (one run at a time, one SKU at a time) and by the jobs of orders. The database frees a lock by itself
 * when the process that held it dies, so a crash never blocks the next one.
 */

namespace Elmed\WooCommerce\Database;

final class Lock
{
    /**
     * Runs the work while holding the lock; returns what the work returns.
     *
     * @param string   $name Which lock, e.g. "order-1042".
     * @param int      $wait Seconds to wait for it.
     * @param callable $work Takes nothing.
     * @return mixed
     * @throws Locked When another process holds it for longer than that.
     */
    public static function hold(string $name, int $wait, callable $work)
    {
        self::take($name, $wait);
        try {
            return $work();
        } finally {
            self::give($name);
        }
    }

    /**
     * Takes the lock for work that ends in another hook; `give` it back there, or the end of the process does.
     *
     * @throws Locked When another process holds it for longer than that.
     */
    public static function take(string $name, int $wait): void
    {
        global $wpdb;
        // 0: somebody else has it; null: the database could not say. Neither is a yes.
        if ('1' !== (string) $wpdb->get_var($wpdb->prepare('SELECT GET_LOCK(%s, %d)', self::fullName($name), $wait))) {
            throw new Locked($name);
        }
    }

    public static function give(string $name): void
    {
        global $wpdb;
        $wpdb->query($wpdb->prepare('SELECT RELEASE_LOCK(%s)', self::fullName($name)));
    }

    /** Locks are named per database server, so the shop's own name is part of it; 64 characters at most. */
    private static function fullName(string $name): string
    {
        global $wpdb;
        return 'elmed_' . md5(DB_NAME . '|' . $wpdb->prefix . '|' . $name);
    }
}
