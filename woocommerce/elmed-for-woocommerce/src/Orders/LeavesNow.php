<?php

/**
 * An order was completed before the pharmacist's check, or while the prescription was on hold: ELMED refuses a supply of
 * that moment, for good. Only a person knows where the parcel is.
 *
 * One that is still there, and leaves now that ELMED has released it, is reported with the present moment; a person says
 * so, by name. One that had left is never reported from here: a pharmacist looks at it in ELMED. Asked by Panel,
 * PanelActions, DispenseJob and DispenseRequest.
 */

namespace Elmed\WooCommerce\Orders;

use WC_Order;

final class LeavesNow
{
    /** ELMED's refusals of the moment. */
    private const REFUSALS = array('handed_over_before_check', 'handed_over_on_hold');

    /** Whether the moment of the completion was refused, and nobody has said yet where the parcel is. */
    public static function isAsked(WC_Order $order): bool
    {
        $report = Report::ofDispense();
        return $report->state($order) === Report::REFUSED && in_array($report->job($order)['reason'] ?? '', self::REFUSALS, true);
    }

    /** Whether it may leave now: as far as the shop knows; ELMED judges the report. */
    public static function mayLeave(WC_Order $order): bool
    {
        return OrderState::release($order) === OrderState::RELEASED && $order->has_status('completed');
    }

    /** When a person said that it leaves; 0 where nobody did. */
    public static function moment(WC_Order $order): int
    {
        return (int) (Report::ofDispense()->job($order)['leaves_at'] ?? 0);
    }

    /** What those who look after the order read. */
    public static function note(string $code): string
    {
        /* translators: %s: why, e.g. "it was completed before the pharmacist had checked the prescription" */
        return sprintf(__('ELMED did not take the report of the dispense: %s. If the parcel is still here, do not send it before the order says "Released", then say in the ELMED box that it leaves now. If it has left, tell the pharmacist: it is settled in ELMED and with the patient, not here.', 'elmed-for-woocommerce'), Words::reason($code));
    }

    /**
     * A person says that the parcel was still here and leaves now.
     *
     * @return array<string, mixed> What that person is told (Orders\Said).
     */
    public static function say(WC_Order $order): array
    {
        if (!self::isAsked($order)) {
            return array('code' => 'nothing');
        }
        // Asked first: what stood on the page may be old.
        if (!(new Waiting())->ask($order->get_id())) {
            return array('code' => 'not_asked');
        }
        $order = Jobs::fresh($order->get_id()) ?? $order;
        if (!self::isAsked($order) || !self::mayLeave($order)) {
            return array('code' => 'release', 'order' => $order->get_id());
        }
        $report = Report::ofDispense();
        $report->change($order, array('leaves_at' => time(), 'body' => null, 'key' => null));
        History::add($order, 'leaves_now');
        $order->add_order_note(__('ELMED: said to leave the pharmacy now, and reported with this moment.', 'elmed-for-woocommerce'), 0, true);
        $report->queue($order);
        (new DispenseJob())->run($order->get_id());
        return array('code' => 'reports', 'order' => $order->get_id());
    }
}
