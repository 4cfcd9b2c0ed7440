<?php

/**
 * What the plugin keeps on an order, as its customer can read it: labels and words instead of the names and numbers of meta.
 *
 * Used by Privacy's exporter. It says what lies in the database and looks nothing up beside it. Random keys, by which a lost
 * question is repeated, tell nothing and are left out.
 */

namespace Elmed\WooCommerce\Privacy;

use Elmed\WooCommerce\Gate\ItemMark;
use Elmed\WooCommerce\Gate\Packs;
use Elmed\WooCommerce\Orders\History;
use Elmed\WooCommerce\Orders\OrderState;
use Elmed\WooCommerce\Orders\Refunds;
use Elmed\WooCommerce\Orders\Report;
use Elmed\WooCommerce\Orders\Words;
use WC_Order;
use WC_Order_Item_Product;

final class Kept
{
    /** @return array<int, array{name: string, value: string}> Empty where nothing is kept. */
    public static function facts(WC_Order $order): array
    {
        $values = array();
        if (OrderState::isOwn($order)) {
            $values = self::check($order) + self::reports($order) + self::after($order);
        } elseif ($order->get_meta(OrderState::ORDER) !== '') {
            /* translators: %s: the id of an order */
            $values[__('Copied', 'elmed-for-woocommerce')] = sprintf(__('From order %s; not used', 'elmed-for-woocommerce'), (string) (int) $order->get_meta(OrderState::ORDER));
        }
        $values[__('Items on prescription', 'elmed-for-woocommerce')] = implode('; ', self::marked($order));
        $facts = array();
        foreach (array_filter($values, static fn ($value) => $value !== '') as $name => $value) {
            $facts[] = array('name' => (string) $name, 'value' => esc_html($value));
        }
        return $facts;
    }

    /** @return array<string, string> */
    private static function check(WC_Order $order): array
    {
        $record = OrderState::record($order);
        $attempt = OrderState::structure($order, OrderState::ATTEMPT);
        $states = array(
            OrderState::WAITING => __('Waiting for the pharmacist', 'elmed-for-woocommerce'),
            OrderState::RELEASED => __('Released', 'elmed-for-woocommerce'),
            OrderState::HELD => __('On hold', 'elmed-for-woocommerce'),
            OrderState::STOPPED => __('Stopped', 'elmed-for-woocommerce'),
        );
        $state = OrderState::word($order, OrderState::RELEASE);
        return array(
            __('Prescription check', 'elmed-for-woocommerce') => self::because($states[$state] ?? '', OrderState::reason($order)),
            __('Prescription’s number in ELMED', 'elmed-for-woocommerce') => self::number($record, 'prescription_id'),
            __('Reservation’s number in ELMED', 'elmed-for-woocommerce') => self::number($record, 'reservation_id'),
            __('Reserved until', 'elmed-for-woocommerce') => self::moment((string) ($record['reserved_until'] ?? '')),
            __('Packs that were checked', 'elmed-for-woocommerce') => self::lines($record['lines'] ?? array()),
            __('Order number told to ELMED', 'elmed-for-woocommerce') => (string) ($record['reference'] ?? ''),
            __('ELMED last asked', 'elmed-for-woocommerce') => self::moment($record['asked_at'] ?? ''),
            __('Check that was begun', 'elmed-for-woocommerce') => $attempt ? trim(__('Not finished', 'elmed-for-woocommerce') . ' ' . self::number($attempt, 'reservation_id')) : '',
        );
    }

    /** @return array<string, string> */
    private static function reports(WC_Order $order): array
    {
        $dispense = Report::ofDispense();
        $sale = Report::ofSale();
        return array(
            __('Report of the dispense', 'elmed-for-woocommerce') => self::report($order, $dispense),
            __('Dispense’s number in ELMED', 'elmed-for-woocommerce') => self::number($dispense->job($order), 'dispense_id'),
            __('What was reported', 'elmed-for-woocommerce') => self::reported($dispense->job($order)),
            __('Report of the other items', 'elmed-for-woocommerce') => self::report($order, $sale),
            __('Other items that were reported', 'elmed-for-woocommerce') => self::reported($sale->job($order)),
        );
    }

    /** @return array<string, string> */
    private static function after(WC_Order $order): array
    {
        $asked = count(OrderState::structure($order, OrderState::REFUNDS));
        $open = count(Refunds::open($order));
        $status = OrderState::word($order, OrderState::STATUS_AFTER);
        $history = array();
        foreach (array_reverse(History::of($order)) as list($at, $words)) {
            $history[] = self::moment($at) . ' ' . $words;
        }
        return array(
            __('Order status after the release', 'elmed-for-woocommerce') => $status === '' ? '' : wc_get_order_status_name($status),
            /* translators: 1, 2: numbers */
            __('Questions after refunds', 'elmed-for-woocommerce') => $asked ? sprintf(__('%1$s asked, %2$s without an answer', 'elmed-for-woocommerce'), number_format_i18n($asked), number_format_i18n($open)) : '',
            __('Needs somebody of the shop', 'elmed-for-woocommerce') => OrderState::word($order, OrderState::ALERT) === 'yes' ? __('Yes', 'elmed-for-woocommerce') : '',
            __('What happened', 'elmed-for-woocommerce') => implode('; ', $history),
        );
    }

    private static function report(WC_Order $order, Report $report): string
    {
        $job = $report->job($order);
        $words = self::because(Words::dispense($report->state($order)), (string) ($job['reason'] ?? ''));
        return trim($words . ' ' . self::moment($job['done_at'] ?? ''));
    }

    /** @param array<string, mixed> $job */
    private static function reported(array $job): string
    {
        return self::lines($job['lines'] ?? $job['body']['lines'] ?? array());
    }

    /** @param mixed $lines By SKU: it is what ELMED and the shop both call a product. */
    private static function lines($lines): string
    {
        $texts = array();
        foreach (is_array($lines) ? $lines : array() as $line) {
            $quantity = isset($line['milli']) ? Packs::text((int) $line['milli']) : (string) ($line['quantity'] ?? '');
            $texts[] = ($line['sku'] ?? $line['product_sku'] ?? $line['product'] ?? '–') . ' × ' . $quantity;
        }
        return implode('; ', $texts);
    }

    /** @return string[] */
    private static function marked(WC_Order $order): array
    {
        $names = array();
        foreach ($order->get_items() as $item) {
            if ($item instanceof WC_Order_Item_Product && $item->get_meta(ItemMark::META) === 'yes') {
                $names[] = $item->get_name();
            }
        }
        return $names;
    }

    private static function because(string $words, string $reason): string
    {
        return $words === '' || $reason === '' ? $words : $words . ' (' . Words::reason($reason) . ')';
    }

    /** @param array<string, mixed> $kept */
    private static function number(array $kept, string $name): string
    {
        return empty($kept[$name]) ? '' : (string) (int) $kept[$name];
    }

    /** @param mixed $at Seconds, or ELMED's ISO 8601; "" for none. In the site's own time and words. */
    private static function moment($at): string
    {
        $seconds = is_numeric($at) ? (int) $at : strtotime((string) $at);
        return $seconds ? (string) wp_date(get_option('date_format') . ' ' . get_option('time_format'), $seconds) : '';
    }
}
