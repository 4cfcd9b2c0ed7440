<?php

/**
 * Everything that the plugin keeps on an order: the names of the meta, the states, and the only code that writes them.
 *
 * Used by the gate and by every module in Orders. What is kept is bound to the order's own id, so that no copy of an
 * order (order again, a renewal, a duplicate) carries a verification along. Ids, quantities and words of closed lists
 * only; nothing medical, nothing of the proof.
 */

namespace Elmed\WooCommerce\Orders;

use Elmed\WooCommerce\Gate\Basket;
use Elmed\WooCommerce\Gate\Verdict;
use WC_Order;

final class OrderState
{
    /** The id of the order that the rest belongs to. */
    public const ORDER = '_elmed_order';
    /** waiting, released, held or stopped; nothing: check pending. */
    public const RELEASE = '_elmed_release';
    /** Why it waits, is held or stopped: a word of Orders\Words. */
    public const REASON = '_elmed_reason';
    /** prescription_id, reservation_id, reserved_until, lines, reference, confirmed, asked_at. */
    public const RECORD = '_elmed_record';
    /** RECORD's reservation_id again, to find the order by it (Orders\Carrier). */
    public const RESERVATION = '_elmed_reservation';
    /** The status that a paid order gets once it is released. */
    public const STATUS_AFTER = '_elmed_status_after';
    /** Between two tries at placing it; see Gate\Attempt. */
    public const ATTEMPT = '_elmed_attempt';
    /** Where the report of the dispense stands; see Orders\DispenseJob. */
    public const DISPENSE = '_elmed_dispense';
    public const JOB = '_elmed_job';
    /** The same for what was sold without a prescription. */
    public const SALE = '_elmed_sale';
    public const SALE_JOB = '_elmed_sale_job';
    /** Refunds after the dispense, and what was answered about them. */
    public const REFUNDS = '_elmed_refunds';
    /** "yes": somebody has to look at it. */
    public const ALERT = '_elmed_alert';
    public const HISTORY = '_elmed_history';

    public const ALL = array(
        self::ORDER, self::RELEASE, self::REASON, self::RECORD, self::RESERVATION, self::STATUS_AFTER, self::ATTEMPT, self::DISPENSE, self::JOB,
        self::SALE, self::SALE_JOB, self::REFUNDS, self::ALERT, self::HISTORY,
    );

    public const NONE = 'none';
    public const PENDING = 'pending';
    public const WAITING = 'waiting';
    public const RELEASED = 'released';
    /** Not now: the prescription is on hold; asked again. */
    public const HELD = 'held';
    /** Not with this reservation any more. */
    public const STOPPED = 'stopped';
    /** To those who pack only: released, and the payment is still awaited. */
    public const UNPAID = 'unpaid';
    /** To those who pack only: it has left, and ELMED knows. */
    public const SENT = 'sent';

    /** What is kept belongs to this very order. */
    public static function isOwn(WC_Order $order): bool
    {
        return $order->get_id() > 0 && (int) $order->get_meta(self::ORDER) === $order->get_id();
    }

    /** Makes the order's meta its own; what came along with a copy is thrown away. */
    public static function own(WC_Order $order): void
    {
        if (self::isOwn($order) || !$order->get_id()) {
            return;
        }
        foreach (self::ALL as $name) {
            $order->delete_meta_data($name);
        }
        $order->update_meta_data(self::ORDER, (string) $order->get_id());
    }

    /** none, pending, waiting, released, held or stopped. */
    public static function release(WC_Order $order): string
    {
        if (!self::isOnPrescription($order)) {
            return self::NONE;
        }
        $kept = self::isOwn($order) ? (string) $order->get_meta(self::RELEASE) : '';
        if ($kept === '' || ($kept !== self::STOPPED && !self::covers($order))) {
            return self::PENDING;
        }
        return $kept;
    }

    /** The same for those who pack: an order that is off or not paid yet is not sent, whatever its prescription allows. */
    public static function toPack(WC_Order $order): string
    {
        $release = self::release($order);
        if ($release !== self::NONE && Cancellation::isOff($order)) {
            return self::STOPPED;
        }
        if (Report::ofDispense()->state($order) === Report::DONE && $release !== self::PENDING && $release !== self::NONE) {
            return self::SENT;
        }
        // Bank transfer and cheque wait on-hold for the money; what is paid on delivery is in processing at once.
        $awaitsPayment = $order->has_status(array('pending', 'on-hold')) && $order->get_date_paid() === null;
        return $release === self::RELEASED && $awaitsPayment ? self::UNPAID : $release;
    }

    /** Whether something in it needs a prescription, or was sold against one and is not in the shop any more. */
    public static function isOnPrescription(WC_Order $order): bool
    {
        return self::products($order) !== array() || Basket::hasPrescription($order);
    }

    /** @return int[] The products that were checked. */
    public static function products(WC_Order $order): array
    {
        return array_map('intval', array_column(self::record($order)['lines'] ?? array(), 'product'));
    }

    /** Whether a paid order must not go on: it has prescription lines and is not released. */
    public static function mustWait(WC_Order $order): bool
    {
        return !in_array(self::release($order), array(self::NONE, self::RELEASED), true);
    }

    /** Whether the gate has let this very order through, with these lines. */
    public static function isLetThrough(WC_Order $order): bool
    {
        return in_array(self::release($order), array(self::WAITING, self::RELEASED), true) && self::reservationId($order) !== null;
    }

    public static function reason(WC_Order $order): string
    {
        return self::isOwn($order) ? (string) $order->get_meta(self::REASON) : '';
    }

    /** @return array<string, mixed> */
    public static function record(WC_Order $order): array
    {
        return self::structure($order, self::RECORD);
    }

    public static function reservationId(WC_Order $order): ?int
    {
        $id = (int) (self::record($order)['reservation_id'] ?? 0);
        return $id > 0 ? $id : null;
    }

    /** @return array<mixed> A structured meta of the order's own; empty when there is none. */
    public static function structure(WC_Order $order, string $name): array
    {
        $kept = self::isOwn($order) ? $order->get_meta($name) : array();
        return is_array($kept) ? $kept : array();
    }

    /** A word of the order's own; "" when there is none. */
    public static function word(WC_Order $order, string $name): string
    {
        return self::isOwn($order) ? (string) $order->get_meta($name) : '';
    }

    /** The gate said yes. */
    public static function letThrough(WC_Order $order, Verdict $verdict): void
    {
        $waiting = $verdict->result === Verdict::WAITING;
        self::own($order);
        self::set($order, array(self::RECORD => $verdict->record + array('asked_at' => time())));
        Report::ofDispense()->beginAnew($order);
        Waiting::ensure();
        self::setRelease($order, $waiting ? self::WAITING : self::RELEASED, $waiting ? 'awaiting_pharmacist' : '');
    }

    /** The order carries no verification any longer. */
    public static function forget(WC_Order $order): void
    {
        foreach (array(self::RELEASE, self::REASON, self::RECORD, self::RESERVATION) as $name) {
            $order->delete_meta_data($name);
        }
        $order->save_meta_data();
    }

    public static function setRelease(WC_Order $order, string $release, string $reason = ''): void
    {
        $before = self::word($order, self::RELEASE) . self::word($order, self::REASON);
        self::set($order, array(self::RELEASE => $release, self::REASON => $reason));
        if ($before === $release . $reason) {
            return;
        }
        History::add($order, 'release_' . $release, $reason);
        /**
         * An order was released, held, stopped, or waits for the pharmacist.
         *
         * @param int    $order_id The order.
         * @param string $release  waiting, released, held or stopped.
         * @param string $reason   Why; "" for released.
         */
        do_action('elmed_order_release_changed', $order->get_id(), $release, $reason);
    }

    /** @param array<string, mixed> $changes */
    public static function changeRecord(WC_Order $order, array $changes): void
    {
        self::set($order, array(self::RECORD => $changes + self::record($order)));
    }

    /** Does not save: its caller is about to set the status and to save the order. */
    public static function setStatusAfter(WC_Order $order, string $status): void
    {
        self::own($order);
        $order->update_meta_data(self::STATUS_AFTER, $status);
    }

    /** @param array<string, mixed> $values "" and empty ones are removed. */
    public static function set(WC_Order $order, array $values): void
    {
        self::own($order);
        if (isset($values[self::RECORD])) {
            $values[self::RESERVATION] = (string) ($values[self::RECORD]['reservation_id'] ?? '');
        }
        foreach ($values as $name => $value) {
            if ($value === '' || $value === array()) {
                $order->delete_meta_data($name);
            } else {
                $order->update_meta_data($name, $value);
            }
        }
        $order->save_meta_data();
    }

    /** Whether what was checked is at least what the order has now; staff may have changed it since. */
    private static function covers(WC_Order $order): bool
    {
        $checked = array();
        foreach (self::record($order)['lines'] ?? array() as $line) {
            $checked[(int) $line['product']] = (int) $line['milli'];
        }
        foreach (Basket::ofOrder($order) as $line) {
            if ($line->milli > ($checked[$line->product] ?? 0)) {
                return false;
            }
        }
        return true;
    }
}
