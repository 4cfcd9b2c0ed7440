<?php

/**
 * How an order's state is said: on the order list, the packing slip and the panel.
 *
 * Four sentences for those who pack: "Check pending", "Released: may be sent", "Do not send: reason", "Sent: reported to
 * ELMED". Reasons name no medicine and no person.
 */

namespace Elmed\WooCommerce\Orders;

use WC_Order;

final class Words
{
    /** What those who pack read; "" for an order without prescription lines. */
    public static function release(WC_Order $order): string
    {
        $release = OrderState::toPack($order);
        $reason = Cancellation::isOff($order) ? 'order_off' : OrderState::reason($order);
        switch ($release) {
            case OrderState::NONE:
                return '';
            case OrderState::RELEASED:
                return __('Released: may be sent', 'elmed-for-woocommerce');
            case OrderState::SENT:
                return __('Sent: reported to ELMED', 'elmed-for-woocommerce');
            case OrderState::UNPAID:
                return __('Do not send: the prescription is checked, the payment is awaited', 'elmed-for-woocommerce');
            case OrderState::HELD:
            case OrderState::STOPPED:
                /* translators: %s: why, e.g. "the prescription was returned" */
                return sprintf(__('Do not send: %s', 'elmed-for-woocommerce'), self::reason($reason));
            default:
                return __('Check pending', 'elmed-for-woocommerce');
        }
    }

    /** On what is laid into the parcel, where nobody reads between the lines; "" for an order without prescription lines. */
    public static function slip(WC_Order $order): string
    {
        $pending = in_array(OrderState::toPack($order), array(OrderState::PENDING, OrderState::WAITING), true);
        return $pending ? __('Check pending. Do not send this order until it says "Released: may be sent".', 'elmed-for-woocommerce') : self::release($order);
    }

    /** Where the report of the dispense stands; "" when nothing was to be reported yet. */
    public static function dispense(string $state): string
    {
        $words = array(
            Report::QUEUED => __('Queued to be reported', 'elmed-for-woocommerce'),
            Report::RETRYING => __('Not reported yet: will be tried again', 'elmed-for-woocommerce'),
            Report::WAITING => __('Not reported yet: waits until ELMED allows it', 'elmed-for-woocommerce'),
            Report::DONE => __('Reported', 'elmed-for-woocommerce'),
            Report::REFUSED => __('Refused by ELMED', 'elmed-for-woocommerce'),
            Report::ATTENTION => __('Needs attention', 'elmed-for-woocommerce'),
            Report::REVERSED => __('Reversed', 'elmed-for-woocommerce'),
            Report::DROPPED => __('Not needed any more', 'elmed-for-woocommerce'),
        );
        return $words[$state] ?? '';
    }

    public static function reason(string $reason): string
    {
        return self::reasons()[$reason] ?? $reason;
    }

    /** @return array<string, string> */
    private static function reasons(): array
    {
        return self::ofPrescription() + self::ofReports();
    }

    /** @return array<string, string> */
    private static function ofPrescription(): array
    {
        return array(
            'awaiting_pharmacist' => __('the pharmacist has not checked the prescription yet', 'elmed-for-woocommerce'),
            'not_active' => __('the prescription cannot be dispensed at the moment', 'elmed-for-woocommerce'),
            'not_routed_here' => __('the prescription is not with this pharmacy any more', 'elmed-for-woocommerce'),
            'too_early' => __('it is too early for the next supply', 'elmed-for-woocommerce'),
            'expired' => __('the prescription has expired', 'elmed-for-woocommerce'),
            'already_dispensed' => __('the prescription has been dispensed already', 'elmed-for-woocommerce'),
            'not_online' => __('it cannot be sold online', 'elmed-for-woocommerce'),
            'timed_out' => __('the reservation ran out', 'elmed-for-woocommerce'),
            'released' => __('the reservation was given back', 'elmed-for-woocommerce'),
            'freed_by_pharmacy' => __('the pharmacy freed the reservation', 'elmed-for-woocommerce'),
            'ended' => __('the prescription was rejected, cancelled or has ended', 'elmed-for-woocommerce'),
            'returned' => __('the prescription was returned', 'elmed-for-woocommerce'),
            'moved' => __('the prescription moved to another pharmacy', 'elmed-for-woocommerce'),
            'issue_changed' => __('this supply of the prescription is complete', 'elmed-for-woocommerce'),
            'gone' => __('ELMED does not know the reservation under this key', 'elmed-for-woocommerce'),
            'order_off' => __('the order was cancelled, refunded or failed', 'elmed-for-woocommerce'),
            'reversed' => __('its dispense was taken back', 'elmed-for-woocommerce'),
            'other_order' => __('the reservation belongs to another order', 'elmed-for-woocommerce'),
        );
    }

    /** @return array<string, string> */
    private static function ofReports(): array
    {
        return array(
            'unverified' => __('completed without a checked prescription', 'elmed-for-woocommerce'),
            'more_than_reported' => __('it has more packs than were checked and reported', 'elmed-for-woocommerce'),
            'unreachable' => __('ELMED could not be reached', 'elmed-for-woocommerce'),
            'busy' => __('too many requests at the moment', 'elmed-for-woocommerce'),
            'key' => __('ELMED does not accept the key; look at ELMED → Settings', 'elmed-for-woocommerce'),
            'called_off_before_report' => __('called off before it was reported: did the parcel leave?', 'elmed-for-woocommerce'),
            'invalid_status' => __('the prescription\'s status does not allow it at the moment', 'elmed-for-woocommerce'),
            'predecessor_open' => __('another prescription has to be settled first', 'elmed-for-woocommerce'),
            'quantity_unavailable' => __('more than is left of the prescription', 'elmed-for-woocommerce'),
            'handed_over_before_check' => __('it was completed before the pharmacist had checked the prescription', 'elmed-for-woocommerce'),
            'handed_over_on_hold' => __('it was completed while the prescription was on hold', 'elmed-for-woocommerce'),
            'reservation_freed' => __('the reservation was freed', 'elmed-for-woocommerce'),
            'reservation_used' => __('the reservation was used already', 'elmed-for-woocommerce'),
            'external_reference_used' => __('another report with this order number exists', 'elmed-for-woocommerce'),
            'reported_otherwise' => __('another quantity is recorded for this order', 'elmed-for-woocommerce'),
            'signature_invalid' => __('the prescription\'s seal does not hold', 'elmed-for-woocommerce'),
            'reported_too_late' => __('reported later than ELMED accepts', 'elmed-for-woocommerce'),
            'not_found' => __('ELMED does not know the prescription under this key', 'elmed-for-woocommerce'),
            'pack_size' => __('an item\'s pack size is not known to ELMED any more', 'elmed-for-woocommerce'),
        );
    }
}
