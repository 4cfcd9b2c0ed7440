<?php

/**
 * Staff check a prescription for an order that came past the checkout, or whose lines they have changed since.
 *
 * Called by Orders\PanelActions. While it asks, no job of the order runs. What the order's earlier check reserved stays
 * until the new one is a yes, or until it is the only thing in the way.
 */

namespace Elmed\WooCommerce\Orders;

use Elmed\WooCommerce\Database\Locked;
use Elmed\WooCommerce\Gate\Attempt;
use Elmed\WooCommerce\Gate\Basket;
use Elmed\WooCommerce\Gate\Calls;
use Elmed\WooCommerce\Gate\ExistingOrder;
use Elmed\WooCommerce\Gate\Gate;
use Elmed\WooCommerce\Gate\Given;
use Elmed\WooCommerce\Gate\Verdict;
use WC_Order;

final class StaffCheck
{
    /**
     * Checks, and returns what the person who asked is told (Orders\Said).
     *
     * @return array<string, mixed>
     */
    public static function run(int $orderId, Given $given): array
    {
        $said = array('code' => 'check', 'detail' => 'busy');
        Jobs::withOrder('', $orderId, static function (WC_Order $order) use ($given, &$said) {
            $said = self::check($order, $given);
        });
        return $said;
    }

    /** @return array<string, mixed> */
    private static function check(WC_Order $order, Given $given): array
    {
        $lines = Basket::ofOrder($order);
        if (!$lines || Report::ofDispense()->state($order) === Report::DONE) {
            return array('code' => 'nothing_to_check');
        }
        $earlier = (int) OrderState::reservationId($order);
        $verdict = self::ask($order, $lines, $given);
        if ($verdict->refused()) {
            return Said::refusal($order, $verdict);
        }
        try {
            Carrier::take($order, $verdict);
        } catch (Carried $taken) {
            return Said::refusal($order, Verdict::no('reserved'));
        } catch (Locked $taken) {
            return Said::refusal($order, Verdict::no('busy'));
        }
        if ($earlier !== $verdict->reservationId()) {
            Cancellation::freeLater($earlier);
        }
        self::goOn($order);
        return array('code' => 'release', 'order' => $order->get_id());
    }

    /** @param \Elmed\WooCommerce\Gate\Line[] $lines */
    private static function ask(WC_Order $order, array $lines, Given $given): Verdict
    {
        $attempt = Attempt::ofOrder($order);
        $gate = new Gate(new Calls());
        $verdict = $gate->admit($lines, $given->proof, $given->send, $attempt);
        // A report that was sent may be recorded though its answer was lost: its reservation stays with the order.
        if ($verdict->reason === 'reserved' && OrderState::reservationId($order) !== null && empty(Report::ofDispense()->job($order)['body'])) {
            ExistingOrder::freeEarlier($order, $attempt);
            $verdict = $gate->admit($lines, $given->proof, $given->send, $attempt);
        }
        if (!$verdict->refused()) {
            $attempt->forget();
        }
        return $verdict;
    }

    private static function goOn(WC_Order $order): void
    {
        History::add($order, 'asked_by_staff');
        // What was to be reported with an earlier reservation is another request now.
        Report::ofDispense()->change($order, array('body' => null, 'key' => null));
        (new Confirm())->confirm($order);
        if (empty(OrderState::record($order)['confirmed'])) {
            Confirm::soon($order->get_id());
        }
        if (OrderState::release($order) === OrderState::RELEASED) {
            Progress::afterRelease($order);
        }
        if ($order->has_status('completed')) {
            Completion::enqueue($order);
        }
        Alerts::refresh($order);
    }
}
