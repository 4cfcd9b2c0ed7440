<?php

/**
 * Reports the dispense of one completed order to ELMED, once, however often it is run.
 *
 * Run by Action Scheduler (queued by Completion). It locks and reads the order anew, skips what is done, and sends the
 * same request under the same Idempotency-Key until ELMED says yes or a final no. "Not now" waits; failures back off
 * (Orders\Report).
 */

namespace Elmed\WooCommerce\Orders;

use Elmed\WooCommerce\Api\Answer;
use Elmed\WooCommerce\Api\Client;
use WC_Order;

final class DispenseJob
{
    /** A no of the moment. */
    private const NOT_NOW = array('too_early', 'not_yet_valid', 'predecessor_open', 'version_conflict');
    /** In these the prescription may yet become dispensable. */
    private const OPEN = array('pending_review', 'on_hold', 'verified', 'partially_dispensed');
    /** A dispense is recorded already, under this order's number or its reservation: RecordedBefore says whether it is this one. */
    private const RECORDED_BEFORE = array('external_reference_used', 'reservation_used');

    private ?Client $client;

    public function __construct(?Client $client = null)
    {
        $this->client = $client;
    }

    public function register(): void
    {
        add_action(Jobs::DISPENSE, array($this, 'run'));
    }

    /** @param mixed $orderId */
    public function run($orderId): void
    {
        try {
            Jobs::withOrder(Jobs::DISPENSE, (int) $orderId, array($this, 'report'));
        } catch (\Throwable $fault) {
            Jobs::failed($fault, Jobs::DISPENSE, (int) $orderId);
        }
    }

    /** Called with the order's lock held. */
    public function report(WC_Order $order): void
    {
        $report = Report::ofDispense();
        if ($report->isOver($order)) {
            return;
        }
        // Its 15 minutes may be over: confirming takes the quantity again where it is still there, and for this order alone.
        $open = (new Confirm())->confirm($order);
        if (!$this->isDue($order, $report)) {
            return;
        }
        if ($open !== null) {
            $this->later($order, $report, $open);
            return;
        }
        try {
            $job = $this->request($order, $report);
        } catch (CannotTell $unknown) {
            $unknown->reason === 'pack_size'
                ? $report->end($order, Report::ATTENTION, 'pack_size')
                : $report->retry($order, $unknown->reason, $unknown->retry_after);
            return;
        }
        if ($job === null) {
            $report->end($order, Report::DROPPED);
            Cancellation::freeLater((int) OrderState::reservationId($order), $order->get_id());
            return;
        }
        $path = '/prescriptions/' . (int) OrderState::record($order)['prescription_id'] . '/dispense';
        $this->take($order, $report, $this->client()->request('POST', $path, array('body' => $job['body'], 'idempotency_key' => $job['key'])));
    }

    /** Whether the order, as it is now, is still to be reported. */
    private function isDue(WC_Order $order, Report $report): bool
    {
        $release = OrderState::release($order);
        $left = !empty($report->job($order)['left']);
        if ($order->has_status(array('refunded', 'cancelled', 'failed')) && !$left) {
            // It was completed, and called off before ELMED heard of it: a person knows whether the parcel left.
            $report->end($order, Report::ATTENTION, 'called_off_before_report');
            return false;
        }
        // A completed order in the trash has left all the same.
        if (!$order->has_status(array('completed', 'trash')) && !$left) {
            $report->end($order, Report::DROPPED);
            return false;
        }
        if ($release === OrderState::STOPPED) {
            $report->end($order, Report::REFUSED, OrderState::reason($order));
            return false;
        }
        if ($release === OrderState::PENDING || OrderState::reservationId($order) === null) {
            $report->end($order, Report::ATTENTION, 'unverified');
            return false;
        }
        return true;
    }

    /**
     * The request as it was sent before, or made now; null when all of it was refunded before completion.
     *
     * @return array<string, mixed>|null
     * @throws CannotTell
     */
    private function request(WC_Order $order, Report $report): ?array
    {
        $job = $report->job($order);
        if (!empty($job['body'])) {
            return $job;
        }
        $lines = DispenseRequest::lines($order, $this->client());
        if ($lines === array()) {
            return null;
        }
        $key = $job['key'] ?? wp_generate_uuid4();
        $report->change($order, array('key' => $key, 'body' => DispenseRequest::body($order, $lines), 'packs' => DispenseRequest::packs($order)));
        return $report->job($order);
    }

    private function take(WC_Order $order, Report $report, Answer $answer): void
    {
        if (Report::passing($answer) !== null) {
            $this->later($order, $report, $answer);
        } elseif ($answer->ok()) {
            $this->done($order, $report, $answer->data['dispense'] ?? array());
        } elseif (in_array($answer->code, self::RECORDED_BEFORE, true)) {
            $this->compare($order, $report, $answer);
        } elseif ($this->isClockAhead($order, $report, $answer)) {
            Jobs::add(Jobs::DISPENSE, array($order->get_id()));
        } elseif ($this->isNotNow($answer)) {
            $report->wait($order, (string) $answer->code);
        } else {
            $this->refused($order, $report, (string) $answer->code);
        }
    }

    private function compare(WC_Order $order, Report $report, Answer $answer): void
    {
        $found = (new RecordedBefore($this->client()))->find($report->job($order)['body'], $answer);
        if ($found->unasked !== null) {
            $this->later($order, $report, $found->unasked);
        } elseif ($found->difference === '') {
            $this->done($order, $report, $found->dispense);
        } else {
            $report->change($order, array('body' => null));
            $report->end($order, Report::ATTENTION, $found->difference);
            $number = isset($found->dispense['id']) ? (string) (int) $found->dispense['id'] : '–';
            /* translators: 1: a dispense's number in ELMED, 2: why, e.g. "another report with this order number exists" */
            $order->add_order_note(sprintf(__('ELMED: the dispense of this order is not reported. Dispense %1$s is in the way: %2$s. Look at it in ELMED; if it was recorded by mistake, reverse it there and press "Try again" in the ELMED box.', 'elmed-for-woocommerce'), $number, Words::reason($found->difference)));
        }
    }

    /** ELMED could not be asked. */
    private function later(WC_Order $order, Report $report, Answer $answer): void
    {
        $passing = (string) Report::passing($answer);
        if ($passing === 'busy') {
            $report->postpone($order, (int) $answer->retry_after);
        } else {
            $report->retry($order, $passing, $answer->retry_after);
        }
    }

    private function isNotNow(Answer $answer): bool
    {
        if ($answer->code === 'invalid_status') {
            return in_array($answer->data['current_status'] ?? '', self::OPEN, true);
        }
        return in_array($answer->code, self::NOT_NOW, true);
    }

    /** The shop's clock is ahead of ELMED's: the hand-over is then the moment of the report. */
    private function isClockAhead(WC_Order $order, Report $report, Answer $answer): bool
    {
        $pointers = array_column((array) ($answer->data['errors'] ?? array()), 'pointer');
        $body = $report->job($order)['body'];
        if (!in_array('/handed_over_at', $pointers, true) || !isset($body['handed_over_at'])) {
            return false;
        }
        unset($body['handed_over_at']);
        $report->change($order, array('body' => $body));
        return true;
    }

    /** @param array<string, mixed> $dispense */
    private function done(WC_Order $order, Report $report, array $dispense): void
    {
        $reported = array();
        foreach ($dispense['lines'] ?? array() as $line) {
            $reported[] = array('medication_id' => $line['medication_id'], 'quantity' => $line['quantity'], 'sku' => $line['product_sku'] ?? null);
        }
        $report->change($order, array('dispense_id' => $dispense['id'] ?? null, 'lines' => $reported, 'done_at' => time()));
        $report->end($order, Report::DONE);
        if (in_array(OrderState::word($order, OrderState::RELEASE), array(OrderState::WAITING, OrderState::HELD), true)) {
            // ELMED takes the report of a checked prescription only: nobody waits for it any more.
            OrderState::setRelease($order, OrderState::RELEASED);
        }
        $number = isset($dispense['id']) ? (string) (int) $dispense['id'] : '–';
        /* translators: %s: a number */
        $order->add_order_note(sprintf(__('ELMED: dispense reported (number %s).', 'elmed-for-woocommerce'), $number));
        Refunds::askAboutEarlier($order);
        if (!empty($report->job($order)['ask'])) {
            Refunds::askAboutAll($order);
        }
    }

    private function refused(WC_Order $order, Report $report, string $code): void
    {
        // What was refused was not recorded, so the next try may be another request.
        $report->change($order, array('body' => null));
        $report->end($order, Report::REFUSED, $code);
        if (LeavesNow::isAsked($order)) {
            $order->add_order_note(LeavesNow::note($code));
            return;
        }
        /* translators: %s: why, e.g. "the reservation was freed" */
        $order->add_order_note(sprintf(__('ELMED refused the report of the dispense: %s. Look at the ELMED box of this order.', 'elmed-for-woocommerce'), Words::reason($code)));
    }

    private function client(): Client
    {
        return $this->client = $this->client ?? new Client();
    }
}
