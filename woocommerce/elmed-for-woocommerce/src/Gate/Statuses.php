<?php

/**
 * In which statuses an order may be sent, and in which it surely is not.
 *
 * Any plugin can add statuses ("packed", "ready to ship"), and nothing says what they mean; so what is not known to ship
 * nothing may ship. Used by Gate\Backstop, and by Orders where an order is looked after or held back.
 */

namespace Elmed\WooCommerce\Gate;

final class Statuses
{
    private const SHIP_NOTHING = array('pending', 'on-hold', 'cancelled', 'failed', 'refunded', 'draft', 'auto-draft', 'checkout-draft', 'trash');

    /** Whether somebody may pack or send an order that gets this status; "completed" has left already. */
    public static function mayShip(string $status): bool
    {
        return $status !== '' && $status !== 'completed' && !in_array($status, self::shipNothing(), true);
    }

    /** @return string[] Of the shop's statuses those in which an order may be sent, "processing" among them. */
    public static function thatMayShip(): array
    {
        $all = array_map(array(self::class, 'plain'), array_keys(wc_get_order_statuses()));
        return array_values(array_filter($all, array(self::class, 'mayShip')));
    }

    /** @return string[] */
    private static function shipNothing(): array
    {
        /**
         * The statuses in which no order is packed or sent, so that one may be in them without a checked prescription.
         *
         * What WooCommerce counts as paid cannot be added.
         *
         * @param string[] $statuses Without "wc-".
         */
        $more = (array) apply_filters('elmed_statuses_that_ship_nothing', self::SHIP_NOTHING);
        $more = array_map(array(self::class, 'plain'), array_filter($more, 'is_string'));
        return array_merge(self::SHIP_NOTHING, array_diff($more, wc_get_is_paid_statuses()));
    }

    private static function plain(string $status): string
    {
        return strpos($status, 'wc-') === 0 ? substr($status, 3) : $status;
    }
}
