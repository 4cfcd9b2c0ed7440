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
use WC_Order;

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
        if ($answer !== self::STAYS && $questions[$refundId]['packs'] === array()) {
            self::takenBack($order);
        } else {
            History::add($order, $answer === self::STAYS ? 'refund_stays' : 'refund_reversed');
        }
        Alerts::refresh($order);
        return null;
    }

    /** Nothing of the check holds any more: ELMED has given the quantity back, to whoever comes first. */
    private static function takenBack(WC_Order $order): void
    {
        $report = Report::ofDispense();
        // Under the old key ELMED would give its old answer once more.
        $report->change($order, array('body' => null, 'key' => null, 'left' => null, 'reversed_at' => time()));
        $report->end($order, Report::REVERSED);
        OrderState::changeRecord($order, array('reservation_id' => null));
        OrderState::setRelease($order, OrderState::STOPPED, 'reversed');
        Waiting::holdBack($order);
    }

    private static function ask(WC_Order $order, int $refundId): void
    {
        if (isset(self::open($order)[0])) {
            return; // All of it is asked about already.
        }
        $refund = wc_get_order($refundId);
        $packs = array();
        foreach ($refund ? $refund->get_items() : array() as $item) {
            $product = Basket::productId($item);
            $milli = abs(Packs::milli($item->get_quantity()));
            if (in_array($product, OrderState::products($order), true) && $milli > 0) {
                $packs[$product] = ($packs[$product] ?? 0) + $milli;
            }
        }
        if ($packs) {
            $left = array_sum(array_intersect_key(Basket::packs($order), array_flip(OrderState::products($order))));
            self::put($order, $refundId, $left > 0 || self::all($order) ? $packs : array());
        }
    }

    /** @param array<int, int> $packs Product => thousandths of a pack; empty: all that was dispensed. */
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
     * Packs in the prescription's unit, by what the dispense said of the same product.
     *
     * @param array<string, mixed> $job
     * @param array<int, int>      $packs
     * @return array<int, array{medication_id: int, quantity: string}>
     */
    private static function units(WC_Order $order, array $job, array $packs): array
    {
        $units = array_column($job['lines'] ?? array(), 'quantity', 'sku');
        $lines = array();
        foreach (OrderState::record($order)['lines'] ?? array() as $line) {
            $product = (int) $line['product'];
            $all = (int) ($job['packs'][$product] ?? 0);
            if (isset($packs[$product], $units[$line['sku']]) && $all > 0) {
                $back = intdiv(Packs::milli($units[$line['sku']]) * min($packs[$product], $all), $all);
                $id = (int) $line['medication_id'];
                $lines[$id] = ($lines[$id] ?? 0) + $back;
            }
        }
        return array_map(static fn ($id, $milli) => array('medication_id' => $id, 'quantity' => Packs::text($milli)), array_keys($lines), $lines);
    }

    /** @return array<int, array<string, mixed>> */
    private static function all(WC_Order $order): array
    {
        return OrderState::structure($order, OrderState::REFUNDS);
    }
}
