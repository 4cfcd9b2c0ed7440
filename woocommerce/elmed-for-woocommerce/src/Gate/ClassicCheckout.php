<?php

/**
 * The gate on the classic checkout.
 *
 * Answers `woocommerce_after_checkout_validation`, where there is no order yet: what ELMED reserved waits in the
 * shopper's session (Gate\Attempt) until the order is created, and then moves to it.
 */

namespace Elmed\WooCommerce\Gate;

use Elmed\WooCommerce\Database\Locked;
use Elmed\WooCommerce\Log;
use Elmed\WooCommerce\Orders\Cancellation;
use Elmed\WooCommerce\Orders\Carried;
use Elmed\WooCommerce\Orders\OrderState;
use WC_Order;
use WP_Error;

final class ClassicCheckout
{
    public function register(): void
    {
        add_action('woocommerce_after_checkout_validation', array($this, 'validate'), 9999, 2);
        add_action('woocommerce_checkout_order_created', array($this, 'orderCreated'), 1);
        // A gateway may make the order itself (`woocommerce_create_order`); only this one fires then.
        add_action('woocommerce_checkout_order_processed', array($this, 'orderProcessed'), 1, 3);
    }

    /** @param mixed $data The posted fields. */
    public function validate($data, WP_Error $errors): void
    {
        if ($errors->has_errors() || wc_notice_count('error') > 0 || !empty($data['woocommerce_checkout_update_totals'])) {
            return;
        }
        try {
            $verdict = self::ask(is_array($data) ? $data : array());
        } catch (Locked $other) {
            $verdict = Verdict::no('busy');
        } catch (\Throwable $fault) {
            Log::fault($fault, 'classic checkout');
            $verdict = Verdict::no('cannot_check');
        }
        if ($verdict && $verdict->refused()) {
            Turn::end();
            $errors->add('elmed_' . $verdict->reason, esc_html(Messages::of($verdict)));
        }
    }

    /** @throws \Exception Another tab's order took the reservation: WooCommerce shows the words and takes no payment. */
    public function orderCreated(WC_Order $order): void
    {
        try {
            Outcome::attach($order);
        } catch (Carried $taken) {
            throw new \Exception(esc_html(Messages::of(Verdict::no('reserved'))));
        } catch (\Throwable $fault) {
            // Without its record the order waits as "check pending"; it is not sold unchecked.
            Log::fault($fault, 'order created');
        }
    }

    /**
     * @param mixed $orderId
     * @param mixed $data
     * @param mixed $order
     */
    public function orderProcessed($orderId, $data = null, $order = null): void
    {
        $order = $order instanceof WC_Order ? $order : wc_get_order($orderId);
        if ($order instanceof WC_Order && Basket::hasPrescription($order) && !OrderState::isLetThrough($order)) {
            $this->orderCreated($order);
        }
    }

    /** @param array<string, mixed> $data */
    private static function ask(array $data): ?Verdict
    {
        $attempt = Attempt::ofSession();
        $lines = Basket::ofCart(WC()->cart);
        if (!$lines) {
            $kept = $attempt->load()['reservation_id'] ?? null;
            if ($kept) {
                $attempt->forget();
                Cancellation::freeLater((int) $kept);
            }
            return null;
        }
        Turn::take();
        EarlierOrder::takeOver($attempt);
        $given = Given::inForm($data);
        $calls = new Calls();
        $verdict = (new Gate($calls))->admit($lines, $given->proof, $given->send, $attempt);
        if (!$verdict->refused()) {
            Outcome::begin($verdict, $attempt, $calls);
        }
        return $verdict;
    }
}
