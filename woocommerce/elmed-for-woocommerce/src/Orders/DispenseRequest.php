<?php

/**
 * What is sent to report the dispense of one order.
 *
 * Made by DispenseJob. As a rule the reservation says it all; after a refund before completion the lines are named,
 * lessened, in the prescription's unit. Kept on the order with its Idempotency-Key, so that a repeated request is the
 * same request.
 */

namespace Elmed\WooCommerce\Orders;

use Elmed\WooCommerce\Api\Client;
use Elmed\WooCommerce\Gate\Basket;
use Elmed\WooCommerce\Gate\Packs;
use WC_Order;

final class DispenseRequest
{
    /**
     * Lines lessened by refunds, or why they cannot be told.
     *
     * @return array<int, array{medication_id: int, quantity: string, product_sku: string}>|null Null: all that is reserved.
     * @throws CannotTell
     */
    public static function lines(WC_Order $order, Client $client): ?array
    {
        $left = self::packs($order);
        $lines = array();
        $lessened = false;
        foreach (OrderState::record($order)['lines'] as $line) {
            $milli = $left[(int) $line['product']];
            $lessened = $lessened || $milli < (int) $line['milli'];
            $lines[] = array('medication_id' => (int) $line['medication_id'], 'milli' => $milli, 'product_sku' => $line['sku']);
        }
        if (!$lessened) {
            return null;
        }
        $named = array();
        foreach ($lines as $line) {
            if ($line['milli'] > 0) {
                $units = intdiv($line['milli'] * self::packSize($line['product_sku'], $client), 1000);
                $named[] = array('medication_id' => $line['medication_id'], 'quantity' => Packs::text($units), 'product_sku' => $line['product_sku']);
            }
        }
        return $named;
    }

    /**
     * @param array<int, array<string, mixed>>|null $lines
     * @return array<string, mixed>
     */
    public static function body(WC_Order $order, ?array $lines): array
    {
        $record = OrderState::record($order);
        $body = array(
            'reservation_id' => (int) $record['reservation_id'],
            'external_reference' => (string) ($record['reference'] ?? $order->get_order_number()),
            'handed_over_at' => gmdate('Y-m-d\TH:i:s.000000\Z', self::completedAt($order)),
        );
        return $lines === null ? $body : $body + array('lines' => $lines);
    }

    /** @return array<int, int> Product => thousandths of a pack: what was checked and not refunded when it was completed. */
    public static function packs(WC_Order $order): array
    {
        $left = Basket::packs($order, self::completedAt($order));
        $packs = array();
        foreach (OrderState::record($order)['lines'] as $line) {
            $packs[(int) $line['product']] = min((int) $line['milli'], $left[(int) $line['product']] ?? 0);
        }
        return $packs;
    }

    /** The moment of the hand-over: of the completion, or when a person said that it leaves only now. */
    public static function completedAt(WC_Order $order): int
    {
        $completed = $order->get_date_completed();
        return max($completed ? $completed->getTimestamp() : time(), LeavesNow::moment($order));
    }

    /** Thousandths of a unit in a pack. @throws CannotTell */
    private static function packSize(string $sku, Client $client): int
    {
        $answer = $client->request('GET', '/products', array('query' => array('sku' => $sku, 'limit' => 1)));
        $reason = Report::passing($answer);
        $size = $answer->data['data'][0]['pack_size']['value'] ?? null;
        if ($reason !== null || $size === null) {
            throw new CannotTell($reason ?? 'pack_size', $answer->retry_after);
        }
        return Packs::milli($size);
    }
}
