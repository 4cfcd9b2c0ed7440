<?php

/**
 * The background jobs of orders: Action Scheduler, one pending job of a kind for an order.
 *
 * Used by the modules of Orders. A job never trusts that it is alone: it holds the order's lock and reads the order anew.
 */

namespace Elmed\WooCommerce\Orders;

use Automattic\WooCommerce\Caches\OrderCache;
use Automattic\WooCommerce\Utilities\OrderUtil;
use Elmed\WooCommerce\Database\Lock;
use Elmed\WooCommerce\Database\Locked;
use Elmed\WooCommerce\Log;
use Elmed\WooCommerce\Plugin;
use WC_Order;

final class Jobs
{
    public const CONFIRM = 'elmed_confirm_reservation';
    public const WAITING = 'elmed_ask_waiting';
    public const DISPENSE = 'elmed_report_dispense';
    public const SALE = 'elmed_report_sale';
    public const FREE = 'elmed_free_reservation';
    public const SWEEP = 'elmed_sweep_orders';

    /** Seconds until a locked order is tried again. */
    public const LOCKED = 30;

    /** @param int[] $arguments */
    public static function add(string $hook, array $arguments, int $delay = 0): void
    {
        self::drop($hook, $arguments);
        as_schedule_single_action(time() + max(0, $delay), $hook, $arguments, Plugin::JOBS);
    }

    /** @param int[] $arguments */
    public static function drop(string $hook, array $arguments): void
    {
        as_unschedule_all_actions($hook, $arguments, Plugin::JOBS);
    }

    /** When the next one runs; null when none is waiting. @param int[] $arguments */
    public static function next(string $hook, array $arguments): ?int
    {
        $at = as_next_scheduled_action($hook, $arguments, Plugin::JOBS);
        return $at === false ? null : ($at === true ? time() : (int) $at);
    }

    /**
     * Does the work with the order as it is now, while no other process does; comes back later when one does.
     *
     * @param string $hook The job to come back with; "" to leave it.
     * @param callable(WC_Order): void $work
     */
    public static function withOrder(string $hook, int $orderId, callable $work): void
    {
        try {
            Lock::hold('order-' . $orderId, 0, static function () use ($orderId, $work) {
                $order = self::fresh($orderId);
                if ($order) {
                    $work($order);
                }
            });
        } catch (Locked $locked) {
            if ($hook !== '') {
                self::add($hook, array($orderId), self::LOCKED);
            }
        }
    }

    /** The order past this process's caches: the web may have changed it since. */
    public static function fresh(int $orderId): ?WC_Order
    {
        if (OrderUtil::custom_orders_table_usage_is_enabled()) {
            wc_get_container()->get(OrderCache::class)->remove($orderId);
        } else {
            clean_post_cache($orderId);
        }
        $order = wc_get_order($orderId);
        return $order instanceof WC_Order ? $order : null;
    }

    /** A job ends in any case; what went wrong is in the log, and the order is tried again. */
    public static function failed(\Throwable $fault, string $hook, int $orderId): void
    {
        Log::fault($fault, $hook);
        self::add($hook, array($orderId), 1800);
    }
}
