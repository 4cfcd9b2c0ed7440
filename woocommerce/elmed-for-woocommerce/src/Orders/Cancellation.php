<?php

/**
 * An order is off (cancelled, failed, refunded, trashed, deleted): its reservation is given back and its jobs are dropped.
 *
 * Answers WooCommerce's status hooks, where nothing is called; a job does that. One that was dispensed before is asked
 * about like a refund.
 */

namespace Elmed\WooCommerce\Orders;

use Elmed\WooCommerce\Api\Client;
use Elmed\WooCommerce\Database\Lock;
use Elmed\WooCommerce\Database\Locked;
use Elmed\WooCommerce\Log;
use WC_Order;

final class Cancellation
{
    private const OFF = array('cancelled', 'failed', 'refunded', 'trash');
    private const SECONDS = array(60, 300, 1800, 7200, 21600);

    public function register(): void
    {
        foreach (array('cancelled', 'failed', 'refunded') as $status) {
            add_action('woocommerce_order_status_' . $status, array($this, 'off'));
        }
        foreach (array('woocommerce_trash_order', 'woocommerce_before_trash_order', 'woocommerce_before_delete_order', 'wp_trash_post', 'before_delete_post') as $hook) {
            add_action($hook, array($this, 'gone'));
        }
        add_action(Jobs::FREE, array($this, 'free'), 10, 3);
    }

    /** Whether an order in this state is not to be served. */
    public static function isOff(WC_Order $order): bool
    {
        return $order->has_status(self::OFF);
    }

    /** @param mixed $orderId */
    public function off($orderId): void
    {
        try {
            $order = wc_get_order($orderId);
            if ($order instanceof WC_Order && OrderState::isOwn($order)) {
                self::callOff($order);
            }
        } catch (\Throwable $fault) {
            Log::fault($fault, 'cancellation');
        }
    }

    /** @param mixed $orderId An order's id, or any post's. */
    public function gone($orderId): void
    {
        if (is_numeric($orderId) && \Automattic\WooCommerce\Utilities\OrderUtil::is_order((int) $orderId, array('shop_order'))) {
            $this->off($orderId);
        }
    }

    /** Gives a reservation back in the background; with an order only while the order is still off. */
    public static function freeLater(int $reservation, int $orderId = 0): void
    {
        if ($reservation > 0) {
            Jobs::add(Jobs::FREE, array($reservation, $orderId, 0));
        }
    }

    /**
     * @param mixed $reservation
     * @param mixed $orderId
     * @param mixed $failures
     */
    public function free($reservation, $orderId = 0, $failures = 0): void
    {
        try {
            $work = fn () => $this->freeNow((int) $reservation, (int) $orderId, (int) $failures);
            // Not while another process confirms, reports or checks the order that it belongs to.
            $orderId ? Lock::hold('order-' . (int) $orderId, 0, $work) : $work();
        } catch (Locked $locked) {
            Jobs::add(Jobs::FREE, array((int) $reservation, (int) $orderId, (int) $failures), Jobs::LOCKED);
        } catch (\Throwable $fault) {
            Log::fault($fault, 'free');
            $this->again((int) $reservation, (int) $orderId, (int) $failures);
        }
    }

    /** Called with the order's lock held, where there is an order. */
    private function freeNow(int $reservation, int $orderId, int $failures): void
    {
        $order = $orderId ? Jobs::fresh($orderId) : null;
        $carries = $order && OrderState::reservationId($order) === $reservation;
        if ($carries && !self::isOff($order) && Report::ofDispense()->state($order) !== Report::DROPPED) {
            return;
        }
        $answer = (new Client())->request('DELETE', '/reservations/' . $reservation);
        if (Report::passing($answer) !== null) {
            $this->again($reservation, $orderId, $failures);
        } elseif ($carries && $answer->code === 'reservation_used') {
            self::wasReported($order);
        } elseif ($carries) {
            OrderState::changeRecord($order, array('reservation_id' => null));
            OrderState::setRelease($order, OrderState::STOPPED, 'order_off');
            History::add($order, 'freed');
        }
    }

    private static function callOff(WC_Order $order): void
    {
        $report = Report::ofDispense();
        if ($report->isOver($order)) {
            if ($report->state($order) === Report::DONE && $order->has_status(array('cancelled', 'failed', 'refunded'))) {
                Refunds::askAboutAll($order);
            }
            return;
        }
        if ($order->get_date_completed() !== null && in_array($report->state($order), Report::OWED, true)) {
            self::afterCompletion($order, $report);
            return;
        }
        Jobs::drop(Jobs::CONFIRM, array($order->get_id()));
        Jobs::drop(Jobs::SALE, array($order->get_id()));
        Jobs::drop(Jobs::DISPENSE, array($order->get_id()));
        if ($report->state($order) !== '') {
            $report->end($order, Report::DROPPED);
        }
        self::freeLater((int) OrderState::reservationId($order), $order->get_id());
        Alerts::refresh($order);
    }

    /** ELMED recorded the dispense and its answer got lost: the same request says which one, then a person is asked. */
    private static function wasReported(WC_Order $order): void
    {
        $report = Report::ofDispense();
        $report->change($order, array('left' => true, 'ask' => true));
        $report->queue($order);
    }

    /**
     * The parcel may have left before ELMED heard of it: nothing is freed, a person is asked. In the trash it is still
     * reported, and Deletion keeps it there until it is.
     */
    private static function afterCompletion(WC_Order $order, Report $report): void
    {
        if ($order->has_status(array('cancelled', 'failed', 'refunded')) && !PanelActions::asksWhetherItLeft($order)) {
            $report->end($order, Report::ATTENTION, 'called_off_before_report');
        }
    }

    /** After the last step it is left to ELMED, which frees it by itself in 14 days. */
    private function again(int $reservation, int $orderId, int $failures): void
    {
        if (isset(self::SECONDS[$failures])) {
            as_schedule_single_action(
                time() + self::SECONDS[$failures],
                Jobs::FREE,
                array($reservation, $orderId, $failures + 1),
                \Elmed\WooCommerce\Plugin::JOBS
            );
        }
    }
}
