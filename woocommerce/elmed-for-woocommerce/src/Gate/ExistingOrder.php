<?php

/**
 * The gate for an order that is there already: a block checkout's draft, or one on an order-pay page.
 *
 * Used by BlockCheckout, OrderPay and Orders\StaffCheck. One that was let through before needs no proof again while its reservation stands.
 */

namespace Elmed\WooCommerce\Gate;

use Elmed\WooCommerce\Orders\Carried;
use Elmed\WooCommerce\Orders\Confirm;
use Elmed\WooCommerce\Orders\OrderState;
use WC_Order;

final class ExistingOrder
{
    /** @param Line[] $lines */
    public static function admit(WC_Order $order, array $lines, Given $given, bool $ofRequest = false): Verdict
    {
        $attempt = Attempt::ofOrder($order);
        if ($given->proof->isEmpty() && OrderState::isLetThrough($order)) {
            $verdict = (new Gate())->still(OrderState::record($order));
            if ($verdict->reason === 'asked_again') {
                OrderState::forget($order);
            }
            if (!$verdict->refused() && empty(OrderState::record($order)['confirmed'])) {
                Confirm::soon($order->get_id());
            }
            // An order that stands keeps its reservation whatever becomes of this payment.
            return $verdict;
        }
        self::freeEarlier($order, $attempt);
        EarlierOrder::takeOver($attempt, $order->get_id());
        $calls = new Calls();
        $verdict = (new Gate($calls))->admit($lines, $given->proof, $given->send, $attempt);
        if ($verdict->refused()) {
            return $verdict;
        }
        try {
            Outcome::begin($verdict, $attempt, $calls, $order, $ofRequest);
        } catch (Carried $taken) {
            return Verdict::no('reserved');
        }
        return $verdict;
    }

    /** A new proof for an order that carries a reservation: the earlier one becomes the attempt's, to be reused or freed. */
    public static function freeEarlier(WC_Order $order, Attempt $attempt): void
    {
        $reservation = OrderState::reservationId($order);
        if ($reservation !== null && empty($attempt->load()['reservation_id'])) {
            OrderState::forget($order);
            $attempt->save(array('fingerprint' => '', 'reservation_id' => $reservation));
        }
    }
}
