<?php

/**
 * Reports what a completed order sold without a prescription, so that ELMED's stock follows.
 *
 * Run by Action Scheduler (queued by Completion). ELMED takes each order number once and answers the same to the same
 * report, so that a repetition does no harm. Products that ELMED does not know are left out.
 */

namespace Elmed\WooCommerce\Orders;

use Elmed\WooCommerce\Api\Answer;
use Elmed\WooCommerce\Api\Client;
use Elmed\WooCommerce\Gate\Basket;
use Elmed\WooCommerce\Gate\Packs;
use WC_Order;

final class SaleJob
{
    private ?Client $client;

    public function __construct(?Client $client = null)
    {
        $this->client = $client;
    }

    public function register(): void
    {
        add_action(Jobs::SALE, array($this, 'run'));
    }

    /** @param mixed $orderId */
    public function run($orderId): void
    {
        try {
            Jobs::withOrder(Jobs::SALE, (int) $orderId, array($this, 'report'));
        } catch (\Throwable $fault) {
            Jobs::failed($fault, Jobs::SALE, (int) $orderId);
        }
    }

    /** Called with the order's lock held. */
    public function report(WC_Order $order): void
    {
        $report = Report::ofSale();
        if ($report->isOver($order)) {
            return;
        }
        $body = $this->body($order, $report);
        if (!$order->has_status('completed') || !$body['lines']) {
            $report->end($order, Report::DROPPED);
            return;
        }
        $this->client = $this->client ?? new Client();
        $this->take($order, $report, $this->client->request('POST', '/sales', array('body' => $body)));
    }

    /** @return array<string, mixed> */
    private function body(WC_Order $order, Report $report): array
    {
        $job = $report->job($order);
        if (!isset($job['body'])) {
            $lines = array();
            foreach (Basket::overTheCounter($order, DispenseRequest::completedAt($order), OrderState::products($order)) as $sku => $milli) {
                $lines[] = array('sku' => (string) $sku, 'quantity' => Packs::text($milli));
            }
            $report->change($order, array('body' => array('external_reference' => $order->get_order_number(), 'lines' => $lines)));
        }
        return $report->job($order)['body'];
    }

    private function take(WC_Order $order, Report $report, Answer $answer): void
    {
        $passing = Report::passing($answer);
        if ($answer->ok() && $passing === null) {
            $report->end($order, Report::DONE);
        } elseif ($passing === 'busy') {
            $report->postpone($order, (int) $answer->retry_after);
        } elseif ($passing !== null) {
            $report->retry($order, $passing, $answer->retry_after);
        } elseif ($this->leaveOutUnknown($order, $report, $answer)) {
            Jobs::add(Jobs::SALE, array($order->get_id()));
        } else {
            $report->end($order, Report::REFUSED, (string) $answer->code);
        }
    }

    /** Takes the lines out whose SKU ELMED does not know any more; whether there were such. */
    private function leaveOutUnknown(WC_Order $order, Report $report, Answer $answer): bool
    {
        $body = $report->job($order)['body'];
        $before = count($body['lines']);
        foreach ((array) ($answer->data['errors'] ?? array()) as $error) {
            if (($error['code'] ?? '') === 'unknown_sku' && preg_match('~^/lines/(\d+)/sku$~', $error['pointer'] ?? '', $part)) {
                unset($body['lines'][(int) $part[1]]);
            }
        }
        $body['lines'] = array_values($body['lines']);
        $report->change($order, array('body' => $body));
        return count($body['lines']) < $before;
    }
}
