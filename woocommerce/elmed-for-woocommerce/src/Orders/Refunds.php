<?php

/**
 * Refunds after the dispense: they reverse nothing by themselves, a person says whether the parcel left and came back.
 *
 * Answers `woocommerce_order_refunded`; the question is shown by Orders\Panel, the answer is carried out here. Refunds
 * before completion only lessen what is reported (DispenseRequest).
 */

namespace Elmed\WooCommerce\Orders;

use Elmed\WooCommerce\Api\Answer;
use Elmed\WooCommerce\Api\Client;
use Elmed\WooCommerce\Gate\Basket;
use Elmed\WooCommerce\Gate\Packs;
use Elmed\WooCommerce\Log;
use Elmed\WooCommerce\Sync\ProductMeta;
use WC_Order;
use WC_Product;

final class Refunds
{
    /** The answer that reverses nothing. */
    public const STAYS = 'stays';
    public const ANSWERS = array('never_left_pharmacy', 'returned_unopened', 'returned_unusable', 'recorded_in_error', self::STAYS);

    public function register(): void
    {
        add_action('woocommerce_order_refunded', array($this, 'refunded'), 20, 2);
    }

    /**
     * @param mixed $orderId
     * @param mixed $refundId
     */
    public function refunded($orderId, $refundId): void
    {
        try {
            $order = wc_get_order($orderId);
            if ($order instanceof WC_Order && Report::ofDispense()->state($order) === Report::DONE) {
                self::ask($order, (int) $refundId);
            }
        } catch (\Throwable $fault) {
            Log::fault($fault, 'refund');
        }
    }

    /** The order was refunded between its completion and the report. */
    public static function askAboutEarlier(WC_Order $order): void
    {
        foreach ($order->get_refunds() as $refund) {
            $made = $refund->get_date_created();
            if ($made && $made->getTimestamp() > DispenseRequest::completedAt($order)) {
                self::ask($order, $refund->get_id());
            }
        }
    }

    /** The order was called off after the dispense. */
    public static function askAboutAll(WC_Order $order): void
    {
        if (!self::open($order) && !isset(self::all($order)[0])) {
            self::put($order, 0, array());
        }
    }

    /** @return array<int, array<string, mixed>> The questions without an answer, by the refund's id. */
    public static function open(WC_Order $order): array
    {
        return array_filter(self::all($order), static fn ($question) => empty($question['answer']));
    }

    /**
     * Carries out a person's answer. Null when it is settled, else ELMED's refusal.
     */
    public static function settle(WC_Order $order, int $refundId, string $answer): ?Answer
    {
        $questions = self::all($order);
        if (!isset($questions[$refundId]) || !empty($questions[$refundId]['answer']) || !in_array($answer, self::ANSWERS, true)) {
            return null;
        }
        if ($answer !== self::STAYS) {
            $refusal = self::reverse($order, $questions[$refundId], $answer);
            if ($refusal) {
                return $refusal;
            }
        }
        $questions[$refundId]['answer'] = $answer;
        OrderState::set($order, array(OrderState::REFUNDS => $questions));
        History::add($order, $answer === self::STAYS ? 'refund_stays' : 'refund_reversed');
        if ($answer !== self::STAYS && $questions[$refundId]['packs'] === array()) {
            Report::ofDispense()->end($order, Report::REVERSED);
        }
        Alerts::refresh($order);
        return null;
    }

    private static function ask(WC_Order $order, int $refundId): void
    {
        if (isset(self::open($order)[0])) {
            return; // All of it is asked about already.
        }
        $refund = wc_get_order($refundId);
        $packs = array();
        foreach ($refund ? $refund->get_items() : array() as $item) {
            $product = $item->get_product();
            $milli = abs(Packs::milli($item->get_quantity()));
            if ($product instanceof WC_Product && Basket::onPrescription($product) && $milli > 0) {
                $sku = (string) ProductMeta::sku($product);
                $packs[$sku] = ($packs[$sku] ?? 0) + $milli;
            }
        }
        if ($packs) {
            self::put($order, $refundId, Basket::ofOrder($order) || self::all($order) ? $packs : array());
        }
    }

    /** @param array<string, int> $packs SKU => thousandths of a pack; empty: all that was dispensed. */
    private static function put(WC_Order $order, int $refundId, array $packs): void
    {
        $questions = self::all($order);
        if (isset($questions[$refundId])) {
            return;
        }
        $questions[$refundId] = array('packs' => $packs, 'key' => wp_generate_uuid4(), 'answer' => '');
        OrderState::set($order, array(OrderState::REFUNDS => $questions));
        History::add($order, 'refund_asked');
        $order->add_order_note(__('ELMED: refunded after the dispense was reported. Answer in the ELMED box of this order whether the parcel left and came back.', 'elmed-for-woocommerce'));
        Alerts::refresh($order);
    }

    /** @param array<string, mixed> $question */
    private static function reverse(WC_Order $order, array $question, string $reason): ?Answer
    {
        $job = Report::ofDispense()->job($order);
        if (empty($job['dispense_id'])) {
            return Answer::none('reverse_in_elmed');
        }
        $body = array('reason_code' => $reason);
        if ($question['packs']) {
            $body['lines'] = self::units($order, $job, $question['packs']);
        }
        $options = array('body' => $body, 'idempotency_key' => $question['key']);
        $answer = (new Client())->request('POST', '/dispenses/' . (int) $job['dispense_id'] . '/reverse', $options);
        return $answer->ok() && !$answer->unreachable() || $answer->code === 'already_reversed' ? null : $answer;
    }

    /**
     * Packs in the prescription's unit, by what the dispense said of the same SKU.
     *
     * @param array<string, mixed> $job
     * @param array<string, int>   $packs
     * @return array<int, array{medication_id: int, quantity: string}>
     */
    private static function units(WC_Order $order, array $job, array $packs): array
    {
        $dispensed = array();
        foreach ($job['lines'] ?? array() as $line) {
            $dispensed[(string) $line['sku']] = $line;
        }
        $reservedPacks = array_column(OrderState::record($order)['lines'] ?? array(), 'milli', 'sku');
        $given = array_column($job['body']['lines'] ?? array(), 'quantity', 'product_sku');
        $lines = array();
        foreach ($packs as $sku => $milli) {
            $line = $dispensed[$sku] ?? null;
            $all = isset($given[$sku]) ? self::packsDispensed($order, $sku) : (int) ($reservedPacks[$sku] ?? 0);
            if ($line && $all > 0) {
                $units = intdiv(Packs::milli($line['quantity']) * min($milli, $all), $all);
                $id = (int) $line['medication_id'];
                $lines[$id] = ($lines[$id] ?? 0) + $units;
            }
        }
        return array_map(static fn ($id, $units) => array('medication_id' => $id, 'quantity' => Packs::text($units)), array_keys($lines), $lines);
    }

    private static function packsDispensed(WC_Order $order, string $sku): int
    {
        foreach (Basket::ofOrder($order, DispenseRequest::completedAt($order)) as $line) {
            if ($line->sku === $sku) {
                return $line->milli;
            }
        }
        return 0;
    }

    /** @return array<int, array<string, mixed>> */
    private static function all(WC_Order $order): array
    {
        return OrderState::structure($order, OrderState::REFUNDS);
    }
}
