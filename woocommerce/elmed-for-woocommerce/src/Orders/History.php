<?php

/**
 * What happened between the order and ELMED, for the order's panel: moments and words of a closed list.
 *
 * Written by the modules of Orders, shown by Orders\Panel. The last 40 entries are kept.
 */

namespace Elmed\WooCommerce\Orders;

use WC_Order;

final class History
{
    private const KEPT = 40;

    public static function add(WC_Order $order, string $event, string $detail = ''): void
    {
        $entries = OrderState::structure($order, OrderState::HISTORY);
        $entries[] = array(time(), $event, $detail);
        OrderState::set($order, array(OrderState::HISTORY => array_slice($entries, -self::KEPT)));
    }

    /** @return array<int, array{0: int, 1: string}> Newest first: moment and words. */
    public static function of(WC_Order $order): array
    {
        $shown = array();
        foreach (array_reverse(OrderState::structure($order, OrderState::HISTORY)) as list($at, $event, $detail)) {
            $reason = $detail === '' ? '' : ' (' . Words::reason($detail) . ')';
            $shown[] = array((int) $at, (self::events()[$event] ?? $event) . $reason);
        }
        return $shown;
    }

    /** @return array<string, string> */
    private static function events(): array
    {
        return array(
            'release_waiting' => __('Waiting for the pharmacist\'s check', 'elmed-for-woocommerce'),
            'release_released' => __('Prescription checked: released', 'elmed-for-woocommerce'),
            'release_held' => __('On hold: do not send', 'elmed-for-woocommerce'),
            'release_stopped' => __('Stopped: do not send', 'elmed-for-woocommerce'),
            'confirmed' => __('Reservation confirmed for this order', 'elmed-for-woocommerce'),
            'freed' => __('Reservation given back', 'elmed-for-woocommerce'),
            'completed_unchecked' => __('Completed without a check', 'elmed-for-woocommerce'),
            'leaves_now' => __('Staff say: it leaves the pharmacy now', 'elmed-for-woocommerce'),
            'dispense_queued' => __('Report of the dispense queued', 'elmed-for-woocommerce'),
            'dispense_retry' => __('Report not accepted yet, will be tried again', 'elmed-for-woocommerce'),
            'dispense_done' => __('Dispense reported', 'elmed-for-woocommerce'),
            'dispense_refused' => __('ELMED refused the report', 'elmed-for-woocommerce'),
            'dispense_attention' => __('The report needs attention', 'elmed-for-woocommerce'),
            'dispense_dropped' => __('Report not needed any more', 'elmed-for-woocommerce'),
            'dispense_reversed' => __('Dispense reversed', 'elmed-for-woocommerce'),
            'sale_retry' => __('Report of the sale not accepted yet, will be tried again', 'elmed-for-woocommerce'),
            'sale_dropped' => __('Report of the sale not needed any more', 'elmed-for-woocommerce'),
            'sale_done' => __('Sale of the other items reported', 'elmed-for-woocommerce'),
            'sale_refused' => __('ELMED refused the report of the sale', 'elmed-for-woocommerce'),
            'sale_attention' => __('The report of the sale needs attention', 'elmed-for-woocommerce'),
            'refund_asked' => __('Refunded after the dispense: waiting for an answer', 'elmed-for-woocommerce'),
            'refund_reversed' => __('Dispense reversed for what was refunded', 'elmed-for-woocommerce'),
            'refund_stays' => __('Refunded; the dispense stays', 'elmed-for-woocommerce'),
            'asked_by_staff' => __('Prescription checked from the order page', 'elmed-for-woocommerce'),
            'try_again' => __('Tried again by staff', 'elmed-for-woocommerce'),
        );
    }
}
