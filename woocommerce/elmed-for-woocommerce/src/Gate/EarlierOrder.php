<?php

/**
 * The order that a shopper placed a moment ago and did not pay: it still keeps the quantity that they now ask for again.
 *
 * Used by the gate's paths. The unpaid order's reservation becomes the new attempt's, which reuses or frees it; the
 * unpaid order then has to show its proof again, should it ever be paid.
 */

namespace Elmed\WooCommerce\Gate;

use Elmed\WooCommerce\Orders\OrderState;
use WC_Order;

final class EarlierOrder
{
    private const SESSION = 'elmed_unpaid_order';

    public static function remember(int $orderId): void
    {
        $order = wc_get_order($orderId);
        if (WC()->session && $order instanceof WC_Order) {
            WC()->session->set(self::SESSION, self::isUnpaid($order) ? $orderId : null);
        }
    }

    public static function takeOver(Attempt $attempt, int $notThis = 0): void
    {
        $orderId = WC()->session ? absint(WC()->session->get(self::SESSION)) : 0;
        if (!$orderId || $orderId === $notThis || !empty($attempt->load()['reservation_id'])) {
            return;
        }
        WC()->session->set(self::SESSION, null);
        $order = wc_get_order($orderId);
        if ($order instanceof WC_Order && self::isUnpaid($order) && OrderState::reservationId($order) !== null) {
            $attempt->save(array('fingerprint' => '', 'reservation_id' => OrderState::reservationId($order)));
            OrderState::forget($order);
        }
    }

    private static function isUnpaid(WC_Order $order): bool
    {
        return $order->has_status(array('pending', 'failed', 'checkout-draft'));
    }
}
