<?php

/**
 * Finds the orders in a state, and counts those that wait: for the jobs, the alerts and the report to the pharmacy's portal.
 *
 * Reads only. `meta_key` and `meta_value` work with orders in their own tables and in posts alike.
 */

namespace Elmed\WooCommerce\Orders;

use Elmed\WooCommerce\Gate\Statuses;
use WC_Order;

final class Tally
{
    private const MOST = 500;
    /** As long as a reservation is kept at most, and a while. */
    private const LATELY = 16 * DAY_IN_SECONDS;

    public function register(): void
    {
        add_filter('elmed_orders_waiting', static fn ($count) => (int) $count + self::waiting());
        add_filter('elmed_unreported_order_ids', static fn ($ids) => array_merge((array) $ids, self::unreported()));
        add_filter('elmed_order_under_way', static fn ($underWay, $order) => $underWay || ($order instanceof WC_Order && self::owes($order)), 10, 2);
    }

    /** @return int[] Completed orders of which ELMED has not heard everything. */
    public static function unreported(): array
    {
        $found = array();
        foreach (array(OrderState::DISPENSE, OrderState::SALE) as $report) {
            foreach (Report::OWED as $state) {
                $found = array_merge($found, self::find($report, $state, array('completed'), -1));
            }
        }
        return array_values(array_unique(array_map(static fn (WC_Order $order) => $order->get_id(), $found)));
    }

    /** @return WC_Order[] Completed lately, with a reservation and no report begun: its completion was not heard. */
    public static function unheard(): array
    {
        $found = array();
        foreach (array(OrderState::RELEASED, OrderState::WAITING, OrderState::HELD) as $release) {
            $found = array_merge($found, self::find(OrderState::RELEASE, $release, array('completed'), self::MOST, '>' . (time() - self::LATELY)));
        }
        return array_values(array_filter($found, static fn (WC_Order $order) => Report::ofDispense()->state($order) === '' && OrderState::reservationId($order) !== null));
    }

    /** @return WC_Order[] Whose report of that kind is queued or will be tried again. */
    public static function underWay(string $meta): array
    {
        $found = array();
        foreach (array(Report::QUEUED, Report::RETRYING, Report::WAITING) as $state) {
            $found = array_merge($found, self::find($meta, $state, self::everywhere(), self::MOST));
        }
        return $found;
    }

    /** Whether an order still has something to report, or to be asked about. */
    public static function owes(WC_Order $order): bool
    {
        $reports = array(Report::ofDispense()->state($order), Report::ofSale()->state($order));
        return array_intersect($reports, Report::OWED) !== array() || Refunds::open($order) !== array();
    }

    /** @return WC_Order[] Open orders with that release, oldest first. */
    public static function orders(string $release): array
    {
        $usual = array_merge($release === OrderState::RELEASED ? array() : array('pending', 'completed'), array('on-hold', 'processing'));
        $others = array_diff(Statuses::thatMayShip(), $usual);
        // Another plugin's status may be an order's last one: what lies there for long would keep the others from their turn.
        $lately = $others ? self::find(OrderState::RELEASE, $release, $others, self::MOST, '>' . (time() - self::LATELY)) : array();
        return array_merge(self::find(OrderState::RELEASE, $release, $usual, self::MOST), $lately);
    }

    /** How many orders wait for the pharmacist; a completed one does not wait any more, and is a problem where it should have. */
    public static function waiting(): int
    {
        return count(array_filter(self::orders(OrderState::WAITING), static fn (WC_Order $order) => !$order->has_status('completed')));
    }

    /** @return string[] One short line for each order that somebody has to look at; no names, no medicines. */
    public static function problems(int $most = 50): array
    {
        $texts = array();
        foreach (self::alerts($most) as $order) {
            $texts[] = sprintf('%s: %s', $order->get_order_number(), Alerts::reason($order));
        }
        return $texts;
    }

    /** @return WC_Order[] Orders that somebody has to look at, newest first. */
    public static function alerts(int $most = 50): array
    {
        return self::find(OrderState::ALERT, 'yes', self::everywhere(), $most, '', 'DESC');
    }

    /** @return string[] Any status; what lies in the trash may still have to be reported. */
    private static function everywhere(): array
    {
        return array_merge(array_keys(wc_get_order_statuses()), array('trash'));
    }

    /**
     * @param string[] $statuses
     * @return WC_Order[]
     */
    private static function find(string $meta, string $value, array $statuses, int $most, string $created = '', string $order = 'ASC'): array
    {
        $found = wc_get_orders(
            array(
                'type' => 'shop_order',
                'status' => $statuses,
                'limit' => $most,
                'orderby' => 'ID',
                'order' => $order,
                'date_created' => $created,
                'meta_key' => $meta, // phpcs:ignore WordPress.DB.SlowDBQuery -- asked by jobs and by one notice.
                'meta_value' => $value, // phpcs:ignore WordPress.DB.SlowDBQuery
            )
        );
        return array_values(array_filter($found, static fn ($order) => $order instanceof WC_Order && OrderState::isOwn($order)));
    }
}
