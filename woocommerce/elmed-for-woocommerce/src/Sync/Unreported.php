<?php

/**
 * What the shop has sold and ELMED does not know of yet: packs of each product in orders that took stock here and were
 * not reported there.
 *
 * Asked by Sync\Page before stock is written: ELMED's stock less this is what can still be sold. WooCommerce keeps on
 * each order item how much stock it took (`_reduced_stock`), and lessens that when stock goes back.
 */

namespace Elmed\WooCommerce\Sync;

final class Unreported
{
    private const CHUNK = 500;
    /** Orders that took no stock, gave it back, or were reported (those that were not come by the filter). */
    private const WITHOUT = array('wc-pending', 'wc-checkout-draft', 'wc-cancelled', 'wc-refunded', 'wc-failed', 'wc-completed');

    /**
     * Product or variation => packs.
     *
     * @return array<int, int>
     */
    public function quantities(): array
    {
        $orders = wc_get_orders(
            array(
                'type' => 'shop_order',
                // Also what other plugins add between paid and completed.
                'status' => array_values(array_diff(array_keys(wc_get_order_statuses()), self::WITHOUT)),
                'limit' => -1,
                'return' => 'ids',
                'orderby' => 'none',
            )
        );
        /**
         * Further orders whose stock ELMED does not know of: completed, but not reported yet.
         *
         * @param int[] $ids Ids of orders.
         */
        $completed = (array) apply_filters('elmed_unreported_order_ids', array());
        $all = array_unique(array_map('intval', array_merge($orders, $completed)));
        $sums = array();
        foreach (array_chunk($all, self::CHUNK) as $chunk) {
            foreach ($this->ofOrders($chunk) as $product => $packs) {
                $sums[$product] = ($sums[$product] ?? 0) + $packs;
            }
        }
        return $sums;
    }

    /**
     * @param array<int, int> $orders
     * @return array<int, int>
     */
    private function ofOrders(array $orders): array
    {
        global $wpdb;
        $places = implode(',', array_fill(0, count($orders), '%d'));
        $meta = "{$wpdb->prefix}woocommerce_order_itemmeta";
        // phpcs:disable WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- tables of WooCommerce's own
        $rows = $wpdb->get_results(
            $wpdb->prepare(
                "SELECT IF(COALESCE(v.meta_value, 0) > 0, v.meta_value, p.meta_value) AS product, SUM(r.meta_value) AS packs
                FROM {$wpdb->prefix}woocommerce_order_items i
                JOIN $meta r ON r.order_item_id = i.order_item_id AND r.meta_key = '_reduced_stock'
                JOIN $meta p ON p.order_item_id = i.order_item_id AND p.meta_key = '_product_id'
                LEFT JOIN $meta v ON v.order_item_id = i.order_item_id AND v.meta_key = '_variation_id'
                WHERE i.order_id IN ($places) AND i.order_item_type = 'line_item' GROUP BY product",
                $orders
            )
        );
        // phpcs:enable
        $sums = array();
        foreach ($rows as $row) {
            $sums[(int) $row->product] = (int) ceil((float) $row->packs);
        }
        return $sums;
    }
}
