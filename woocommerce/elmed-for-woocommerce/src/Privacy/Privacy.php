<?php

/**
 * WordPress' privacy tools: what the plugin keeps of a customer's orders, given out or erased on request, and a text for
 * the shop's privacy page.
 *
 * Registered by Plugin. On an order the plugin keeps numbers and states under names that begin with `_elmed_`; reference
 * and date of birth are dropped after the check, so there are none to give out.
 */

namespace Elmed\WooCommerce\Privacy;

use WC_Data;
use WC_Order;

final class Privacy
{
    private const PREFIX = '_elmed_';
    private const SIZE = 10;

    public function register(): void
    {
        add_action('admin_init', array($this, 'suggestText'));
        add_filter('wp_privacy_personal_data_exporters', array($this, 'addExporter'));
        add_filter('wp_privacy_personal_data_erasers', array($this, 'addEraser'));
    }

    public function suggestText(): void
    {
        if (function_exists('wp_add_privacy_policy_content')) {
            wp_add_privacy_policy_content(__('ELMED for WooCommerce', 'elmed-for-woocommerce'), wp_kses_post(PolicyText::html()));
        }
    }

    /**
     * @param mixed $exporters
     * @return array<string, mixed>
     */
    public function addExporter($exporters): array
    {
        $own = array('exporter_friendly_name' => __('ELMED: prescriptions of orders', 'elmed-for-woocommerce'), 'callback' => array($this, 'export'));
        return (array) $exporters + array('elmed' => $own);
    }

    /**
     * @param mixed $erasers
     * @return array<string, mixed>
     */
    public function addEraser($erasers): array
    {
        $own = array('eraser_friendly_name' => __('ELMED: prescriptions of orders', 'elmed-for-woocommerce'), 'callback' => array($this, 'erase'));
        return (array) $erasers + array('elmed' => $own);
    }

    /** @return array{data: array<int, mixed>, done: bool} */
    public function export(string $email, int $page = 1): array
    {
        $data = array();
        $orders = $this->orders($email, $page);
        foreach ($orders as $order) {
            $facts = Kept::facts($order);
            if ($facts) {
                $data[] = array(
                    'group_id' => 'elmed',
                    'group_label' => __('Prescriptions of orders', 'elmed-for-woocommerce'),
                    'item_id' => 'elmed-order-' . $order->get_id(),
                    'data' => array_merge(array(array('name' => __('Order', 'elmed-for-woocommerce'), 'value' => $order->get_order_number())), $facts),
                );
            }
        }
        return array('data' => $data, 'done' => count($orders) < self::SIZE);
    }

    /**
     * Finished orders lose what the plugin keeps of them; one that is still under way needs it until it is handed over or
     * cancelled, and says so.
     *
     * @return array{items_removed: bool, items_retained: bool, messages: array<int, string>, done: bool}
     */
    public function erase(string $email, int $page = 1): array
    {
        $answer = array('items_removed' => false, 'items_retained' => false, 'messages' => array(), 'done' => true);
        $orders = $this->orders($email, $page);
        foreach ($orders as $order) {
            if (!$this->keeps($order)) {
                continue;
            }
            if ($this->underWay($order)) {
                $answer['items_retained'] = true;
                /* translators: %s: the number of an order */
                $answer['messages'][] = sprintf(__('Order %s is still under way: what it keeps of its prescription is needed until it is handed over or cancelled.', 'elmed-for-woocommerce'), $order->get_order_number());
                continue;
            }
            $this->forget($order);
            $answer['items_removed'] = true;
        }
        $answer['done'] = count($orders) < self::SIZE;
        return $answer;
    }

    private function underWay(WC_Order $order): bool
    {
        $under_way = !$order->has_status(array('completed', 'cancelled', 'refunded', 'failed', 'trash'));
        /**
         * Whether an order still needs what is kept of its prescription.
         *
         * @param bool     $under_way Yes until it is completed, cancelled, refunded or failed.
         * @param WC_Order $order     The order.
         */
        return (bool) apply_filters('elmed_order_under_way', $under_way, $order);
    }

    /** @return array<int, WC_Order> */
    private function orders(string $email, int $page): array
    {
        $customer = array($email);
        $user = get_user_by('email', $email);
        if ($user instanceof \WP_User) {
            $customer[] = $user->ID;
        }
        $orders = wc_get_orders(array('customer' => $customer, 'limit' => self::SIZE, 'page' => $page, 'type' => 'shop_order', 'orderby' => 'ID', 'order' => 'ASC'));
        return array_values(array_filter($orders, static fn ($order) => $order instanceof WC_Order));
    }

    private function keeps(WC_Order $order): bool
    {
        foreach (array_merge(array($order), array_values($order->get_items())) as $thing) {
            foreach ($thing->get_meta_data() as $meta) {
                if (strncmp($meta->key, self::PREFIX, strlen(self::PREFIX)) === 0) {
                    return true;
                }
            }
        }
        return false;
    }

    private function forget(WC_Order $order): void
    {
        foreach ($order->get_items() as $item) {
            $this->drop($item);
            $item->save();
        }
        $this->drop($order);
        $order->save();
    }

    private function drop(WC_Data $thing): void
    {
        foreach ($thing->get_meta_data() as $meta) {
            if (strncmp($meta->key, self::PREFIX, strlen(self::PREFIX)) === 0) {
                $thing->delete_meta_data($meta->key);
            }
        }
    }
}
