<?php

/**
 * Where the report of an order stands, and when it is tried again: the same for dispenses and for sales.
 *
 * Used by DispenseJob and SaleJob, which know what to report. The schedule is the table below: after its last entry a
 * person has to look. Waiting (ELMED says "not now") is counted apart from failing.
 */

namespace Elmed\WooCommerce\Orders;

use Elmed\WooCommerce\Api\Answer;
use WC_Order;

final class Report
{
    public const QUEUED = 'queued';
    public const RETRYING = 'retrying';
    public const WAITING = 'waiting';
    public const DONE = 'done';
    public const REFUSED = 'refused';
    public const ATTENTION = 'attention';
    public const REVERSED = 'reversed';
    public const DROPPED = 'dropped';

    /** ELMED has not said yes, or somebody has to look at it. */
    public const OWED = array(self::QUEUED, self::RETRYING, self::WAITING, self::REFUSED, self::ATTENTION);

    /** Seconds after each failure: 1 m, 5 m, 30 m, 2 h, 6 h, 12 h, 24 h. Then it needs attention. */
    private const STEPS = array(60, 300, 1800, 7200, 21600, 43200, 86400);
    /** "Not now": every five minutes for an hour, then every half hour until ELMED would not take it any more (72 h). */
    private const WAITS_SHORT = 12;
    private const WAITS_ALL = 154;

    private string $word;
    private string $job;
    private string $hook;
    private string $name;

    private function __construct(string $name, string $word, string $job, string $hook)
    {
        $this->name = $name;
        $this->word = $word;
        $this->job = $job;
        $this->hook = $hook;
    }

    public static function ofDispense(): self
    {
        return new self('dispense', OrderState::DISPENSE, OrderState::JOB, Jobs::DISPENSE);
    }

    public static function ofSale(): self
    {
        return new self('sale', OrderState::SALE, OrderState::SALE_JOB, Jobs::SALE);
    }

    public function state(WC_Order $order): string
    {
        return OrderState::word($order, $this->word);
    }

    /** @return array<string, mixed> key, body, failures, waits, reason; what was reported. */
    public function job(WC_Order $order): array
    {
        return OrderState::structure($order, $this->job);
    }

    /** @param array<string, mixed> $changes */
    public function change(WC_Order $order, array $changes): void
    {
        OrderState::set($order, array($this->job => $changes + $this->job($order)));
    }

    /** Queues it; one that is done stays so. */
    public function queue(WC_Order $order): void
    {
        if ($this->isOver($order)) {
            return;
        }
        $this->change($order, array('failures' => 0, 'waits' => 0, 'reason' => ''));
        $this->set($order, self::QUEUED);
        Jobs::add($this->hook, array($order->get_id()));
    }

    /** Reported, or reported and taken back. */
    public function isOver(WC_Order $order): bool
    {
        return in_array($this->state($order), array(self::DONE, self::REVERSED), true);
    }

    /** A new check after the dispense was taken back: nothing of the earlier report holds for it. */
    public function beginAnew(WC_Order $order): void
    {
        if (!empty($this->job($order)['reversed_at'])) {
            OrderState::set($order, array($this->word => '', $this->job => array(), OrderState::REFUNDS => array()));
        }
    }

    /** Comes to an end: done, refused, attention or dropped. */
    public function end(WC_Order $order, string $state, string $reason = ''): void
    {
        $this->change($order, array('reason' => $reason));
        $this->set($order, $state);
        Jobs::drop($this->hook, array($order->get_id()));
        History::add($order, $this->name . '_' . $state, $reason);
    }

    /** The minute's requests are used up: not a failure of this order's. */
    public function postpone(WC_Order $order, int $seconds): void
    {
        // A little apart, so that hundreds of orders do not come back in the same second.
        Jobs::add($this->hook, array($order->get_id()), max(1, $seconds) + $order->get_id() % 30);
    }

    /** ELMED could not be asked, or failed. */
    public function retry(WC_Order $order, string $reason, ?int $after = null): void
    {
        $failures = (int) ($this->job($order)['failures'] ?? 0);
        if (!isset(self::STEPS[$failures])) {
            $this->end($order, self::ATTENTION, $reason);
            return;
        }
        $this->change($order, array('failures' => $failures + 1, 'reason' => $reason));
        $this->again($order, self::RETRYING, $reason, max(self::STEPS[$failures], (int) $after));
    }

    /** ELMED said "not now": the prescription's state can still change. */
    public function wait(WC_Order $order, string $reason): void
    {
        $waits = (int) ($this->job($order)['waits'] ?? 0);
        if ($waits >= self::WAITS_ALL) {
            $this->end($order, self::ATTENTION, $reason);
            return;
        }
        $this->change($order, array('waits' => $waits + 1, 'reason' => $reason));
        $this->again($order, self::WAITING, $reason, $waits < self::WAITS_SHORT ? 300 : 1800);
    }

    /** Why ELMED could not be asked; null when it answered this request for good. */
    public static function passing(Answer $answer): ?string
    {
        if ($answer->rateLimited()) {
            return 'busy';
        }
        if (in_array($answer->status, array(401, 403), true) || $answer->code === Answer::NOT_SET_UP) {
            return 'key';
        }
        return $answer->unreachable() || $answer->status === 429 || $answer->code === 'request_in_progress' ? 'unreachable' : null;
    }

    private function again(WC_Order $order, string $state, string $reason, int $seconds): void
    {
        if ($this->state($order) !== $state) {
            History::add($order, $this->name . '_retry', $reason);
        }
        $this->set($order, $state);
        Jobs::add($this->hook, array($order->get_id()), $seconds);
    }

    private function set(WC_Order $order, string $state): void
    {
        $changed = $this->state($order) !== $state;
        OrderState::set($order, array($this->word => $state));
        Alerts::refresh($order);
        if ($changed) {
            /**
             * The report of an order's dispense (or sale) has come to another state.
             *
             * @param int    $order_id The order.
             * @param string $state    queued, retrying, waiting, done, refused, attention, reversed or dropped.
             */
            do_action("elmed_{$this->name}_state_changed", $order->get_id(), $state);
        }
    }
}
