<?php

/**
 * The gate on the block checkout and everything else that goes through the Store API, its order-pay included.
 *
 * Answers `woocommerce_checkout_validate_order_before_payment`, which fires when an order is placed and not while the
 * shopper types. By then the order is there, as a draft.
 */

namespace Elmed\WooCommerce\Gate;

use Elmed\WooCommerce\Log;
use Elmed\WooCommerce\Orders\Cancellation;
use Elmed\WooCommerce\Orders\OrderState;
use WC_Order;
use WP_Error;

final class BlockCheckout
{
    public function register(): void
    {
        // Late: what other plugins refuse is refused before ELMED is asked.
        add_action('woocommerce_checkout_validate_order_before_payment', array($this, 'validate'), 9999, 2);
    }

    /** Adds an error unless the order's prescription lines are covered. */
    public function validate(WC_Order $order, WP_Error $errors): void
    {
        if ($errors->has_errors()) {
            return;
        }
        try {
            $lines = Basket::ofOrder($order);
            if (!$lines) {
                self::withoutPrescription($order);
                return;
            }
            $given = Given::forOrder($order->get_id());
            $verdict = ExistingOrder::admit($order, $lines, $given, true);
        } catch (\Throwable $fault) {
            Log::fault($fault, 'block checkout');
            $verdict = Verdict::no('cannot_check');
        }
        if ($verdict->refused()) {
            $errors->add('elmed_' . $verdict->reason, Messages::of($verdict));
            return;
        }
        // The order's mails are written in this very request, and print what the fields hold.
        Given::forget($order->get_id());
    }

    /** The prescription items were taken out of the basket since the last try. */
    private static function withoutPrescription(WC_Order $order): void
    {
        $kept = Attempt::ofOrder($order)->load()['reservation_id'] ?? OrderState::reservationId($order);
        if ($kept) {
            OrderState::forget($order);
            Attempt::ofOrder($order)->forget();
            Cancellation::freeLater((int) $kept);
        }
    }
}
