<?php

/**
 * An order is completed: what it handed over is queued to be reported.
 *
 * Answers WooCommerce's status hook and only enqueues; it may fire twice. One that was completed without a released
 * prescription gets an alert, since nothing could stop that (REST, bulk edit, by hand).
 */

namespace Elmed\WooCommerce\Orders;

use Elmed\WooCommerce\Gate\Basket;
use Elmed\WooCommerce\Log;
use WC_Order;

final class Completion
{
    public function register(): void
    {
        add_action('woocommerce_order_status_completed', array($this, 'completed'), 20, 2);
    }

    /**
     * @param mixed $orderId
     * @param mixed $order
     */
    public function completed($orderId, $order = null): void
    {
        try {
            $order = $order instanceof WC_Order ? $order : wc_get_order($orderId);
            if ($order instanceof WC_Order) {
                self::enqueue($order);
            }
        } catch (\Throwable $fault) {
            Log::fault($fault, 'completed');
        }
    }

    /** Also asked by the panel's "try again". */
    public static function enqueue(WC_Order $order): void
    {
        if (OrderState::isOnPrescription($order)) {
            if (OrderState::reservationId($order) !== null && OrderState::release($order) !== OrderState::PENDING) {
                Report::ofDispense()->queue($order);
            } elseif (!Report::ofDispense()->isOver($order)) {
                Report::ofDispense()->end($order, Report::ATTENTION, 'unverified');
                $order->add_order_note(__('ELMED: this order was completed, but its prescription was not checked. If it has left, record the dispense in ELMED by hand; if not, do not send it.', 'elmed-for-woocommerce'));
            }
        }
        if (Basket::overTheCounter($order, null, OrderState::products($order))) {
            Report::ofSale()->queue($order);
        }
    }
}
