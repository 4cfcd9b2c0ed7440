<?php

/**
 * Which order carries a reservation: one reservation is one parcel.
 *
 * Asked by Gate\Gate before it reuses or frees what a shopper's session remembers, and by Gate\Outcome when an order
 * takes it over. Orders\OrderState keeps the reservation's number as meta of its own, to find the order by.
 */

namespace Elmed\WooCommerce\Orders;

use Elmed\WooCommerce\Database\Lock;
use Elmed\WooCommerce\Gate\Verdict;
use WC_Order;

final class Carrier
{
    private const SECONDS = 3;

    /** Whether an order other than this one carries the reservation. */
    public static function isOther(int $reservation, int $orderId): bool
    {
        $found = wc_get_orders(
            array(
                'type' => 'shop_order',
                'status' => array_merge(array_keys(wc_get_order_statuses()), array('checkout-draft', 'trash')),
                'limit' => -1,
                'meta_key' => OrderState::RESERVATION, // phpcs:ignore WordPress.DB.SlowDBQuery -- once, when an order is placed.
                'meta_value' => (string) $reservation, // phpcs:ignore WordPress.DB.SlowDBQuery
            )
        );
        foreach ($found as $order) {
            if ($order instanceof WC_Order && $order->get_id() !== $orderId && OrderState::reservationId($order) === $reservation) {
                return true;
            }
        }
        return false;
    }

    /**
     * The order keeps what the gate said.
     *
     * @throws Carried When another order carries the reservation.
     * @throws \Elmed\WooCommerce\Database\Locked When another order is just taking it.
     */
    public static function take(WC_Order $order, Verdict $verdict): void
    {
        $reservation = (int) $verdict->reservationId();
        Lock::hold('reservation-' . $reservation, self::SECONDS, static function () use ($order, $verdict, $reservation) {
            if (self::isOther($reservation, $order->get_id())) {
                throw new Carried();
            }
            OrderState::letThrough($order, $verdict);
        });
    }
}
