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
            self::prescription($order);
        }
        if (Basket::overTheCounter($order, null, OrderState::products($order))) {
            Report::ofSale()->queue($order);
        }
    }

    private static function prescription(WC_Order $order): void
    {
        $report = Report::ofDispense();
        if (OrderState::reservationId($order) !== null && OrderState::release($order) !== OrderState::PENDING) {
            if ($report->state($order) === '' && OrderState::mustWait($order)) {
                History::add($order, 'completed_unchecked');
            }
            $report->queue($order);
        } elseif (!$report->isOver($order) || self::isAfterReversal($order, $report)) {
            $report->end($order, Report::ATTENTION, 'unverified');
            $order->add_order_note(__('ELMED: this order was completed, but its prescription was not checked. If it has left, record the dispense in ELMED by hand; if not, do not send it.', 'elmed-for-woocommerce'));
        } else {
            // It may have become more than was reported.
            Alerts::refresh($order);
        }
    }

    /** Completed once more after its dispense was taken back, and not checked anew. */
    private static function isAfterReversal(WC_Order $order, Report $report): bool
    {
        return $report->state($order) === Report::REVERSED && DispenseRequest::completedAt($order) >= (int) ($report->job($order)['reversed_at'] ?? 0);
    }
}
